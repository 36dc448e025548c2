"""Pictures of users and rooms, on every implementation of the store: who may have which, and what becomes of their bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suhbat.chat.files import MOST_LOOSE
from suhbat.chat.model import CommandContext, NewPicture, StoredFile
from suhbat.chat.ports import Store
from suhbat.errors import BadRequest, Busy, FileInUse, FileNotReady, Forbidden, NotFound
from suhbat.protocol.commands import Erase, Update
from suhbat.protocol.events import ConversationUpdated, UserUpdated
from suhbat.protocol.http_commands import ChangePicture
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import Profile
from suhbat.protocol.types import LOBBY

from .house import AT, SOLI, House
from .parts import ALI, VALI, Listener, logged
from .people.test_people import account
from .test_files import BOUNDLESS, DAY, queued, ready, upload

PAINTED = {"type": "image/png", "kind": "image", "thumbnails": "360 1440"}


async def image(store: Store, id: str, actor: Any = ALI) -> NewPicture:
    """The squares of an image that was uploaded, as `files.portraits` stores them."""
    await ready(store, id, actor, **PAINTED)
    await store.plan_removal("local", f"square-{id}", AT + DAY)
    return NewPicture(id, "local", f"square-{id}", 7, "64")


async def change(store: Store, room: str, actor: Any, picture: NewPicture | None) -> None:
    await store.execute(actor, AT, ChangePicture(conversation=room), CommandContext(picture=picture))


async def found(store: Store, id: str) -> StoredFile:
    file = await store.file(id)
    assert file is not None
    return file


@pytest.fixture
def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


class TestUsers:
    async def test_from_the_first_to_none(self, store: Store) -> None:
        """The image becomes the picture, and its bytes go; those of the picture go with the next one, or without one."""
        ali = account("ali")
        await store.add_account(ali)
        first = await image(store, "f1", ali.actor)
        assert await store.set_picture(ali.uid, first) == replace(ali, picture="f1")
        assert await store.accounts([ali.uid]) == [replace(ali, picture="f1")]
        shown = await store.picture(ali.uid)
        assert (shown.id, shown.key, shown.size, shown.type) == ("f1", "square-f1", 7, "image/webp")
        assert await queued(store) == ["k-f1"]
        await store.set_picture(ali.uid, await image(store, "f2", ali.actor))
        assert await store.file("f1") is None
        assert await queued(store) == ["k-f1", "k-f2", "square-f1"]
        assert (await store.set_picture(ali.uid, None)).picture is None
        assert await queued(store) == ["k-f1", "k-f2", "square-f1", "square-f2"]
        with pytest.raises(NotFound):
            await store.picture(ali.uid)
        events = [event for _, event in await logged(store, own_log(ali.uid), 0, 10)]
        assert [type(event) for event in events] == [UserUpdated] * 3
        assert await store.set_picture(ali.uid, None) == ali
        assert len(await store.events(own_log(ali.uid), 0, 10)) == 3, "nothing changed"

    async def test_other_changes_of_the_account_keep_it(self, store: Store) -> None:
        """Whoever writes an account may have read it before the picture was set, and must not bring back one whose bytes are
        gone."""
        ali = account("ali")
        await store.add_account(ali)
        await store.set_picture(ali.uid, await image(store, "f1", ali.actor))
        await store.save_account(replace(ali, display_name="Ali aka"))
        assert await store.accounts([ali.uid]) == [replace(ali, display_name="Ali aka", picture="f1")]
        (event,) = [event for _, event in await logged(store, own_log(ali.uid), 1, 10)]
        assert isinstance(event, UserUpdated) and isinstance(event.user, Profile) and event.user.picture == "f1"

    async def test_which_files_may_be_one(self, store: Store) -> None:
        """Only a ready image of one's own that nothing shows; and only if its squares are still there."""
        ali = account("ali")
        await store.add_account(ali)
        theirs = await image(store, "f1", VALI)
        await ready(store, "f2", ali.actor)
        await store.begin_file(upload("f3", ali.actor), BOUNDLESS)
        for file, refusal in (("f0", NotFound), ("f1", NotFound), ("f2", BadRequest), ("f3", FileNotReady)):
            with pytest.raises(refusal):
                await store.set_picture(ali.uid, replace(theirs, file=file))
        mine = await image(store, "f4", ali.actor)
        await store.finish_removals([one.id for one in await store.removals(AT + DAY)])
        with pytest.raises(Busy):
            await store.set_picture(ali.uid, mine)
        assert (await found(store, "f4")).is_loose
        await store.set_picture(ali.uid, await image(store, "f5", ali.actor))
        with pytest.raises(NotFound):
            await store.set_picture("u-gone", None)

    async def test_it_is_in_use(self, store: Store, listener: Listener) -> None:
        """A message cannot show it, its owner cannot delete it as a file, and it does not expire."""
        ali = account("ali")
        await store.add_account(ali)
        await store.set_picture(ali.uid, await image(store, "f1", ali.actor))
        assert isinstance(await listener.refused(store, ali.actor, files=("f1",)), FileInUse)
        with pytest.raises(FileInUse):
            await store.delete_file(ali.uid, "f1", AT)
        with pytest.raises(NotFound):
            await store.readable_file(ali.actor, "f1")
        assert await store.expire_files(AT + 2 * DAY, AT + 2 * DAY) == 0
        for number in range(MOST_LOOSE):
            await store.begin_file(upload(f"loose{number}", ali.actor), BOUNDLESS)

    async def test_a_moderator_removes_it(self, store: Store) -> None:
        """Only of somebody of a lower rank. The owner of the picture is told, and the audit log says who did it, once."""
        ali, moderator = account("ali"), replace(VALI, role="moderator")
        await store.add_account(ali)
        await store.set_picture(ali.uid, await image(store, "f1", ali.actor))
        for other in (VALI, replace(ali.actor, role="moderator")):
            with pytest.raises((Forbidden, BadRequest)):
                await store.set_picture(ali.uid, None, other)
        await store.save_account(replace(ali, role="moderator", picture="f1"))
        with pytest.raises(Forbidden):
            await store.set_picture(ali.uid, None, moderator)
        for _ in range(2):
            assert (await store.set_picture(ali.uid, None, replace(VALI, role="owner"))).picture is None
        assert await queued(store) == ["k-f1", "square-f1"]
        (entry,) = await store.audit()
        assert (entry.actor_uid, entry.action, entry.conversation, entry.subject) == (
            VALI.uid, "picture.remove", "", ali.uid,
        )  # fmt: skip
        events = [event for _, event in await logged(store, own_log(ali.uid), 0, 10)]
        assert isinstance(events[-1], UserUpdated) and isinstance(events[-1].user, Profile)
        assert events[-1].user.picture is None

    async def test_erasure_takes_it(self, store: Store) -> None:
        """The picture of an erased account goes with it, and its bytes are queued."""
        ali = account("ali")
        await store.add_account(ali)
        await store.set_picture(ali.uid, await image(store, "f1", ali.actor))
        await store.erase(ali.actor, AT, with_messages=False)
        assert await store.file("f1") is None
        assert await queued(store) == ["k-f1", "square-f1"]


class TestRooms:
    async def test_moderators_change_it(self, store: Store, house: House) -> None:
        """Who may change the title may change the picture; the others are told with the settings, and see it in the state."""
        room = await house.room(ALI, VALI)
        with pytest.raises(Forbidden):
            await change(store, room, VALI, await image(store, "f1", VALI))
        with pytest.raises(NotFound):
            await change(store, room, SOLI, await image(store, "f2", SOLI))
        await change(store, room, ALI, await image(store, "f3"))
        assert (await store.state(VALI, room)).picture == "f3"
        assert (await store.picture_of_room(VALI, room)).key == "square-f3"
        with pytest.raises(NotFound):
            await store.picture_of_room(SOLI, room)
        await change(store, room, ALI, None)
        assert (await store.state(VALI, room)).picture is None
        with pytest.raises(NotFound):
            await store.picture_of_room(VALI, room)
        events = [event for _, event in await logged(store, room, 0, 50)]
        assert [event.picture for event in events if isinstance(event, ConversationUpdated)] == ["f3", None]
        assert "square-f3" in await queued(store)

    async def test_only_rooms_have_one(self, store: Store, house: House, listener: Listener) -> None:
        """A direct shows the picture of the other person, and the lobby has the sign of the lobby."""
        direct = await listener.send(store, ALI, peer=VALI)
        with pytest.raises(Forbidden):
            await change(store, direct.conversation, ALI, await image(store, "f1"))
        with pytest.raises(Forbidden):
            await change(store, LOBBY, replace(ALI, role="owner"), await image(store, "f2"))

    async def test_other_settings_keep_it(self, store: Store, house: House) -> None:
        """An event of other settings has the picture, so that what is folded from events is the state."""
        room = await house.room(ALI)
        await change(store, room, ALI, await image(store, "f1"))
        await house.do(Update, ALI, room, topic="choy")
        state = await store.state(ALI, room)
        assert (state.topic, state.picture) == ("choy", "f1")

    async def test_it_goes_with_the_room(self, store: Store, house: House) -> None:
        """The picture of an erased room is deleted at once, and its bytes are queued."""
        room = await house.room(ALI)
        await change(store, room, ALI, await image(store, "f1"))
        await house.do(Erase, ALI, room)
        assert await store.file("f1") is None
        assert await queued(store) == ["k-f1", "square-f1"]
        await store.expire(0)

    async def test_the_room_keeps_what_an_erased_account_has_given(self, store: Store, house: House) -> None:
        """The picture of a room belongs to the room."""
        ali = account("ali")
        await store.add_account(ali)
        room = await house.room(ali.actor, VALI)
        await change(store, room, ali.actor, await image(store, "f1", ali.actor))
        await store.erase(ali.actor, AT, with_messages=True)
        assert (await store.state(VALI, room)).picture == "f1"
        assert (await store.picture_of_room(VALI, room)).id == "f1"
