"""The messages that mention or quote a user, and those that they saved, over every store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from suhbat.chat import marks
from suhbat.chat.mentions import EVERYBODY
from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.errors import BadRequest, NotFound, TooManySaved
from suhbat.protocol import commands
from suhbat.protocol.events import Saved
from suhbat.protocol.types import LOBBY
from tests.fakes import FakeClock
from tests.store.house import LOLA, LORD, SOLI, House
from tests.store.parts import ALI, BARE, VALI, Listener, direct, guest, opened

DAY = 24 * 3600
Line = tuple[str, str, bool]
"""The text of a message, the reason, and whether it is unread."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def house(
    make: Callable[..., Store], tmp_path: Path, listener: Listener, clock: FakeClock
) -> AsyncIterator[House]:
    """With a clock that a test can advance."""
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        house = House(store, listener)
        house.at = clock.wall()
        yield house


async def mentions(house: House, actor: Actor, **page: Any) -> list[Line]:
    found = await house.store.mentions(actor, **page)
    return [(one.message.text, one.reason, one.unread) for one in found.mentions]


async def saved(house: House, actor: Actor) -> list[str]:
    return [one.message.text for one in (await house.store.saved(actor)).saved]


async def write(house: House, actor: Actor, place: str, text: str, **fields: Any) -> int:
    """A message a second after the one before."""
    house.at += 1_000
    return await house.write(actor, place, text, **fields)


class TestMentions:
    async def test_what_is_listed(self, house: House) -> None:
        """Names, names for everybody, and replies to one's own messages, of all conversations, the newest first."""
        await house.store.save_guest(guest(VALI))
        room, of_two = await house.room(ALI, VALI), await direct(house.store, ALI, VALI, house.at)
        mine = await write(house, VALI, room, "meniki")
        await write(house, ALI, room, "ism", named=(VALI.uid,))
        await write(house, ALI, LOBBY, "lobbi", named=(VALI.uid,))
        await write(house, ALI, room, "hamma", named=(EVERYBODY,))
        await write(house, ALI, room, "hech kim")
        await write(house, ALI, room, "javob", reply_to=mine)
        await write(house, ALI, of_two, "ikkimiz", named=(VALI.uid,))
        await write(house, VALI, room, "oʻzim", reply_to=mine)
        assert await mentions(house, VALI) == [
            ("ikkimiz", "mention", True),
            ("javob", "reply", True),
            ("hamma", "mention", True),
            ("lobbi", "mention", True),
            ("ism", "mention", True),
        ]
        assert await mentions(house, ALI) == await mentions(house, LOLA) == await mentions(house, BARE) == []

    async def test_one_that_names_and_quotes(self, house: House) -> None:
        """It is listed once, as a mention; when the name is edited away, as a reply."""
        room = await house.room(ALI, VALI)
        mine = await write(house, VALI, room, "meniki")
        both = await write(house, ALI, room, "ikkalasi", reply_to=mine, named=(VALI.uid,))
        assert await mentions(house, VALI) == [("ikkalasi", "mention", True)]
        await house.do(commands.Edit, ALI, room, seq=both, text="faqat javob", named=())
        assert await mentions(house, VALI) == [("faqat javob", "reply", True)]

    async def test_a_reply_to_a_message_of_the_same_batch(self, house: House) -> None:
        """Whose message it quotes is known before it is stored."""
        room = await house.room(ALI, VALI)
        head = (await house.store.heads([room]))[room]
        sends = [
            house.listener.send(house.store, VALI, "meniki", conversation=room, client_id="b1"),
            house.listener.send(house.store, ALI, "javob", conversation=room, client_id="b2", reply_to=head + 1),
        ]
        await asyncio.gather(*sends)
        assert await mentions(house, VALI) == [("javob", "reply", True)]

    async def test_read_ones_stay(self, house: House) -> None:
        """They are listed as read, and as unread again when they are marked so."""
        room = await house.room(ALI, VALI)
        await write(house, ALI, room, "bir", named=(VALI.uid,))
        await write(house, ALI, room, "ikki", named=(EVERYBODY,))
        await house.do(commands.Read, VALI, room, ordinal=1)
        assert await mentions(house, VALI) == [("ikki", "mention", True), ("bir", "mention", False)]
        await house.do(commands.Read, VALI, room, ordinal=2)
        assert await mentions(house, VALI) == [("ikki", "mention", False), ("bir", "mention", False)]
        await house.do(commands.MarkUnread, VALI, room, ordinal=1)
        assert await mentions(house, VALI) == [("ikki", "mention", True), ("bir", "mention", True)]

    async def test_in_threads(self, house: House) -> None:
        """The mark of the thread counts; for those who no longer follow it nothing is unread."""
        room = await house.room(ALI, VALI)
        root = await write(house, VALI, room, "ildiz")
        await write(house, ALI, room, "bir", thread=root, named=(VALI.uid,))
        await write(house, ALI, room, "ikki", thread=root, reply_to=root)
        await house.do(commands.ChangeThread, VALI, room, seq=root, follow=None, read_ordinal=1, unread=False)
        assert await mentions(house, VALI) == [("ikki", "reply", True), ("bir", "mention", False)]
        await house.do(commands.ChangeThread, VALI, room, seq=root, follow=False, read_ordinal=None, unread=False)
        assert await mentions(house, VALI) == [("ikki", "reply", False), ("bir", "mention", False)]

    async def test_edits(self, house: House) -> None:
        """A name that an edit adds is listed for those who have not read the message. Those who have read it stay listed as
        long as it names them."""
        room = await house.room(ALI, VALI, SOLI, LOLA)
        seq = await write(house, ALI, room, "avval", named=(VALI.uid,))
        for reader in (VALI, LOLA):
            await house.do(commands.Read, reader, room, ordinal=1)
        everybody = (VALI.uid, SOLI.uid, LOLA.uid)
        await house.do(commands.Edit, ALI, room, seq=seq, text="keyin", named=everybody)
        assert await mentions(house, VALI) == [("keyin", "mention", False)]
        assert await mentions(house, SOLI) == [("keyin", "mention", True)]
        assert await mentions(house, LOLA) == []
        await house.do(commands.Edit, ALI, room, seq=seq, text="yana", named=(SOLI.uid,))
        assert await mentions(house, SOLI) == [("yana", "mention", True)]
        assert await mentions(house, VALI) == []
        await house.do(commands.Edit, ALI, room, seq=seq, text="hamma", named=(EVERYBODY,))
        for reader, unread in ((VALI, False), (SOLI, True), (LOLA, False)):
            assert await mentions(house, reader) == [("hamma", "mention", unread)]
        await house.do(commands.Edit, ALI, room, seq=seq, text="hech kim", named=())
        assert await mentions(house, SOLI) == []

    async def test_what_may_no_longer_be_read(self, house: House, clock: FakeClock) -> None:
        """Deleted messages, rooms that were left, what came before joining, expired messages and threads."""
        room = await house.room(ALI, VALI, history="all")
        deleted = await write(house, ALI, room, "oʻchgan", named=(VALI.uid,))
        await write(house, ALI, room, "bor", named=(VALI.uid,))
        await house.do(commands.Delete, ALI, room, seq=deleted)
        assert await mentions(house, VALI) == [("bor", "mention", True)]
        await house.do(commands.Leave, VALI, room)
        assert await mentions(house, VALI) == []
        await house.admit(ALI, room, VALI)
        assert await mentions(house, VALI) == []
        await write(house, ALI, room, "yana", named=(VALI.uid,))
        await write(house, ALI, room, "hamma", named=(EVERYBODY,))
        assert [text for text, *_ in await mentions(house, VALI)] == ["hamma", "yana"]
        await house.admit(ALI, room, SOLI)
        assert await mentions(house, SOLI) == []  # they were not there
        await house.do(commands.Update, ALI, room, retention=1)
        clock.advance(2 * DAY)
        await house.store.expire(0)
        assert await mentions(house, VALI) == []

    async def test_a_room_that_is_erased(self, house: House) -> None:
        """Nothing of it is left in the list."""
        room = await house.room(ALI, VALI)
        await write(house, ALI, room, "ism", named=(VALI.uid,))
        await house.do(commands.Erase, ALI, room)
        assert await mentions(house, VALI) == []

    async def test_pages(self, house: House) -> None:
        """Together the pages are the whole list, also where many messages have one time, and with new ones in between."""
        rooms = [await house.room(ALI, VALI) for _ in range(2)]
        texts = []
        for number in range(12):
            room = rooms[number % 2]
            named = (EVERYBODY,) if number % 3 else (VALI.uid,)
            await house.write(ALI, room, f"gap {number}", named=named, at=house.at + number // 6)
            texts.append(f"gap {number}")
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = await house.store.mentions(VALI, cursor=cursor, limit=5)
            found += [one.message.text for one in page.mentions]
            await write(house, ALI, rooms[0], "yangi", named=(VALI.uid,))
            cursor = page.cursor
            if cursor is None:
                break
        assert sorted(found) == sorted(texts) and len(found) == 12

    @pytest.mark.parametrize("cursor", ["", "1", "1-2", "1-2-3-4", "a-b-c", "-1-2-3", "1-2-99999999999999999", "1-2-٣"])
    async def test_a_cursor_of_another_list(self, house: House, cursor: str) -> None:
        """It is refused."""
        with pytest.raises(BadRequest):
            await house.store.mentions(ALI, cursor=cursor)
        with pytest.raises(BadRequest):
            await house.store.saved(ALI, cursor=cursor)


class TestSaved:
    async def test_save_and_remove(self, house: House) -> None:
        """The list has the last saved one first. The user's devices get `saved`, and a repetition changes nothing."""
        room = await house.room(ALI, VALI)
        first, second = await write(house, ALI, room, "bir"), await write(house, ALI, LOBBY, "ikki")
        for place, seq in ((LOBBY, second), (room, first)):
            house.at += 1
            [event] = await house.told(commands.Save, VALI, place, seq=seq, on=True)
            assert isinstance(event, Saved) and (event.target, event.message, event.on) == (place, seq, True)
            await house.quiet(commands.Save, VALI, place, seq=seq, on=True)
        page = await house.store.saved(VALI)
        assert [(one.message.text, one.saved_at) for one in page.saved] == [("bir", house.at), ("ikki", house.at - 1)]
        assert await saved(house, ALI) == []
        [event] = await house.told(commands.Save, VALI, room, seq=first, on=False)
        assert isinstance(event, Saved) and not event.on
        await house.quiet(commands.Save, VALI, room, seq=first, on=False)
        assert await saved(house, VALI) == ["ikki"]

    async def test_pages(self, house: House) -> None:
        """Each message once, also where many were saved at one time."""
        seqs = [await write(house, ALI, LOBBY, f"gap {number}") for number in range(5)]
        for seq in seqs:
            await house.do(commands.Save, VALI, LOBBY, seq=seq, on=True)
        found: list[int] = []
        cursor: str | None = None
        while len(found) < 5:
            page = await house.store.saved(VALI, cursor=cursor, limit=2)
            found += [one.message.seq for one in page.saved]
            cursor = page.cursor
        assert found == seqs[::-1] and cursor is None

    async def test_refusals(self, house: House) -> None:
        """What the user may not read does not exist for them."""
        room = await house.room(ALI, history="joined")
        before = await write(house, ALI, room, "avval")
        await house.admit(ALI, room, VALI)
        deleted = await write(house, ALI, room, "oʻchgan")
        await house.do(commands.Delete, ALI, room, seq=deleted)
        for seq in (before, deleted, deleted + 100):
            await house.refused(NotFound, "not_found.message", commands.Save, VALI, room, seq=seq, on=True)
        for who in (LOLA, LORD, BARE):
            for on in (True, False):
                await house.refused(NotFound, None, commands.Save, who, room, seq=deleted, on=on)
        seq = await write(house, ALI, LOBBY, "lobbi")
        await house.refused(NotFound, "not_found.message", commands.Save, BARE, LOBBY, seq=seq, on=True)

    async def test_what_may_no_longer_be_read(self, house: House, clock: FakeClock) -> None:
        """A deleted or expired message leaves the list, and so do those of a room that the user left."""
        room = await house.room(ALI, VALI)
        seqs = [await write(house, ALI, room, text) for text in ("bir", "ikki")]
        for seq in seqs:
            await house.do(commands.Save, VALI, room, seq=seq, on=True)
        await house.do(commands.Delete, ALI, room, seq=seqs[0])
        assert await saved(house, VALI) == ["ikki"]
        await house.do(commands.Leave, VALI, room)
        assert await saved(house, VALI) == []
        await house.admit(ALI, room, VALI)
        assert await saved(house, VALI) == []
        await house.do(commands.Save, VALI, room, seq=seqs[1], on=True)
        await house.do(commands.Update, ALI, room, history="joined")
        await house.do(commands.Leave, VALI, room)
        await house.admit(ALI, room, VALI)
        last = await write(house, ALI, room, "uch")
        await house.do(commands.Save, VALI, room, seq=last, on=True)
        await house.do(commands.Update, ALI, room, retention=1)
        clock.advance(2 * DAY)
        await house.store.expire(0)
        assert await saved(house, VALI) == []

    async def test_the_limit(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """One more is refused until one is removed. Other users have their own number."""
        monkeypatch.setattr(marks, "MAX_SAVED", 20)
        seqs = [await house.write(ALI, LOBBY, f"gap {number}") for number in range(21)]
        for seq in seqs[:-1]:
            await house.do(commands.Save, VALI, LOBBY, seq=seq, on=True)
        refused = await house.refused(TooManySaved, None, commands.Save, VALI, LOBBY, seq=seqs[-1], on=True)
        assert "20" in refused.message("en")
        await house.do(commands.Save, SOLI, LOBBY, seq=seqs[-1], on=True)
        await house.quiet(commands.Save, VALI, LOBBY, seq=seqs[0], on=True)
        await house.do(commands.Save, VALI, LOBBY, seq=seqs[0], on=False)
        await house.do(commands.Save, VALI, LOBBY, seq=seqs[-1], on=True)


async def test_erasure(house: House) -> None:
    """An erased user has no lists, and messages that are erased with their author leave the lists of others."""
    room = await house.room(ALI, VALI, SOLI)
    theirs = await write(house, VALI, room, "vali yozdi", named=(SOLI.uid,))
    await house.do(commands.Save, SOLI, room, seq=theirs, on=True)
    mine = await write(house, SOLI, room, "soli yozdi", named=(VALI.uid,))
    await house.do(commands.Save, VALI, room, seq=mine, on=True)
    await house.store.erase(VALI, house.at, with_messages=True)
    while await house.store.erase_more(house.at):
        pass
    assert await mentions(house, SOLI) == [] and await saved(house, SOLI) == []
    assert (await house.store.mentions(VALI)).mentions == () and (await house.store.saved(VALI)).saved == ()
