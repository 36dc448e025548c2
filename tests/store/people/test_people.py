"""Every sentence of chat.ports.people, over every store, and over the fake that other tests believe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from suhbat.chat.model import Account, Invite, Session
from suhbat.chat.ports import Store
from suhbat.errors import Forbidden, NameTaken, NotFound
from suhbat.protocol.events import UserUpdated
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import Profile, Quiet
from suhbat.protocol.types import LOBBY
from tests.fakes import FakeStore
from tests.store.parts import ALI, STORES, VALI, Listener, direct, everything, guest, opened


def account(name: str, **fields: Any) -> Account:
    row: dict[str, Any] = {
        "uid": f"u-{name}", "user_id": name, "skeleton": name, "display_name": name.title(), "password_hash": "$argon2id$…",
        "role": "member", "locale": None, "disabled": False, "lobby_from": 0, "created_at": 1_000,
    }  # fmt: skip
    return Account(**(row | fields))


def session(id: str, uid: str = "u-ali", **fields: Any) -> Session:
    row: dict[str, Any] = {
        "id": id, "uid": uid, "token_hash": id.encode(), "previous_hash": None, "rotated_at": 1_000,
        "created_at": 1_000, "last_used_at": 1_000, "expires_at": 9_000, "label": "Firefox",
    }  # fmt: skip
    return Session(**(row | fields))


def invite(id: str, **fields: Any) -> Invite:
    row: dict[str, Any] = {
        "id": id, "code_hash": id.encode(), "conversation": None, "uses": 1, "expires_at": 9_000, "created_by": "u-ali",
        "created_at": 1_000,
    }  # fmt: skip
    return Invite(**(row | fields))


@pytest.fixture(params=[*STORES, FakeStore], ids=lambda make: make.__name__)
async def people(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param is FakeStore:
        yield FakeStore()
        return
    async with opened(request.param(tmp_path / "data")) as store:
        yield store


class TestAccounts:
    async def test_an_account_is_read_as_it_was_written(self, people: Store) -> None:
        """Every field, the absent ones too, over a later change."""
        ali, vali = account("ali", role="owner", locale="uz"), account("vali", password_hash=None, created_at=2_000)
        assert await people.add_account(ali) is None
        await people.add_account(vali)
        assert await people.accounts() == [ali, vali]
        quiet = Quiet(from_="22:00", to="08:00", days=(1, 7), zone="Asia/Tashkent")
        changed = replace(
            ali, display_name="Alisher", disabled=True, password_hash="$other", quiet=quiet, push_text=False
        )
        await people.save_account(changed)
        assert await people.accounts() == [changed, vali]
        assert await people.accounts([vali.uid, "unknown"]) == [vali] and await people.accounts([]) == []

    @pytest.mark.parametrize("make", STORES, ids=lambda make: make.__name__)
    async def test_changes_are_told_to_their_own_devices(self, make: Callable[[Path], Any], tmp_path: Path) -> None:
        """What others see of an account, once for each change, as it is now; not that it was shut out or its password."""
        async with opened(make(tmp_path / "data")) as store:
            ali = account("ali", role="member")
            await store.add_account(ali)
            await store.save_account(replace(ali, password_hash="$other", disabled=True))
            assert await store.events(own_log(ali.uid), 0, 10) == []
            await store.save_account(replace(ali, display_name="Alisher"))
            await store.save_account(replace(ali, display_name="Ali aka", locale="uz"))
            quiet = Quiet(from_="22:00", to="08:00", days=(1, 7), zone="Asia/Tashkent")
            await store.save_account(replace(ali, display_name="Ali aka", locale="uz", quiet=quiet, push_text=False))
            told = [event for _, event in await store.events(own_log(ali.uid), 0, 10)]
            assert [(event.type, event.seq) for event in told] == [("user.updated", seq) for seq in (1, 2, 3)]
            for event in told:
                assert isinstance(event, UserUpdated) and isinstance(event.user, Profile)
                assert (event.user.display_name, event.user.locale) == ("Ali aka", "uz")
                assert (event.user.quiet, event.user.push_text) == (quiet, False)
                assert '"quiet":{"from":"22:00","to":"08:00",' in event.model_dump_json()

    async def test_a_name_is_one_account(self, people: Store) -> None:
        """A second account whose name looks the same is refused, and nothing of it is written."""
        await people.add_account(account("user1", skeleton="userl"))
        await people.add_invite(invite("i1"))
        with pytest.raises(NameTaken):
            await people.add_account(account("userl"), b"i1")
        assert [one.user_id for one in await people.accounts()] == ["user1"]
        assert [one.uses for one in await people.invites()] == [1]

    @pytest.mark.parametrize("make", STORES, ids=lambda make: make.__name__)
    async def test_a_guest_becomes_the_account(
        self, make: Callable[..., Store], tmp_path: Path, listener: Listener
    ) -> None:
        """The same uid, what it wrote and how far it read stay; as a guest it is gone, and others see an account."""
        async with opened(make(tmp_path / "data"), listener) as store:
            await store.save_guest(guest(ALI))
            await listener.send(store, ALI, "before")
            theirs = await direct(store, ALI, VALI, 1)
            await store.add_account(account("ali"))
            assert await store.guests(0) == [] and await store.guest_by_token(ALI.uid.encode()) is None
            actor = account("ali").actor
            opening = await everything(store, actor)
            assert {state.conversation for state in opening.states} == {LOBBY, theirs}
            assert {user.kind for user in opening.users if user.uid == ALI.uid} == {"account"}
            assert [m.text for m in (await store.history(actor, LOBBY)).messages] == ["before"]

    @pytest.mark.parametrize("make", STORES, ids=lambda make: make.__name__)
    async def test_a_new_account_has_read_what_was_said_before(
        self, make: Callable[..., Store], tmp_path: Path, listener: Listener
    ) -> None:
        """The lobby begins where the account begins: nothing of before is unread."""
        async with opened(make(tmp_path / "data"), listener) as store:
            for _ in range(3):
                await listener.send(store, VALI)
            await store.add_account(account("ali", lobby_from=3))
            await listener.send(store, VALI)
            (lobby,) = (await everything(store, account("ali", lobby_from=3).actor)).states
            assert (lobby.head, lobby.unread) == (4, 1)


class TestSessions:
    async def test_a_session_is_found_by_its_token(self, people: Store) -> None:
        """By the hash of its token, and by nothing else."""
        await people.add_session(session("s1"))
        assert await people.session_by_token(b"s1") == session("s1")
        assert await people.session_by_token(b"s2") is None

    async def test_of_a_rotated_session_both_tokens_are_good(self, people: Store) -> None:
        """Until the previous one is taken away; then it is nobody's."""
        await people.add_session(session("s1"))
        assert await people.rotate_session(session("s1"), b"new", b"s1", 5_000)
        rotated = session("s1", token_hash=b"new", previous_hash=b"s1", rotated_at=5_000)
        assert await people.session_by_token(b"new") == await people.session_by_token(b"s1") == rotated
        assert not await people.rotate_session(session("s1"), b"other", b"s1", 6_000), "another node was faster"
        assert await people.sessions(["s1", "unknown"]) == [rotated] and await people.sessions([]) == []
        assert await people.rotate_session(rotated, b"new", None, 5_000)
        assert await people.session_by_token(b"s1") is None
        assert await people.session_by_token(b"new") == replace(rotated, previous_hash=None)

    async def test_sessions_of_one_account(self, people: Store) -> None:
        """Only theirs, in the order in which they began; those that end are gone."""
        for one in (session("s1"), session("s2", created_at=2_000), session("s3", uid="u-vali")):
            await people.add_session(one)
        assert [one.id for one in await people.sessions_of("u-ali")] == ["s1", "s2"]
        await people.end_sessions(["s1", "unknown"])
        await people.end_sessions([])
        assert [one.id for one in await people.sessions_of("u-ali")] == ["s2"]
        assert [one.id for one in await people.sessions_of("u-vali")] == ["s3"]

    async def test_use_moves_the_expiry_and_never_back(self, people: Store) -> None:
        """A later use counts, an earlier one does not; unknown ids do no harm."""
        await people.add_session(session("s1"))
        await people.touch_sessions({"s1": (3_000, 12_000), "unknown": (3_000, 12_000)})
        await people.touch_sessions({"s1": (2_000, 11_000)})
        await people.touch_sessions({})
        assert await people.sessions_of("u-ali") == [session("s1", last_used_at=3_000, expires_at=12_000)]

    async def test_expired_sessions_can_be_dropped(self, people: Store) -> None:
        """Those, and no other."""
        for one in (session("old", expires_at=5_000), session("new", expires_at=5_001)):
            await people.add_session(one)
        await people.drop_sessions(5_000)
        assert [one.id for one in await people.sessions_of("u-ali")] == ["new"]


class TestInvites:
    async def test_an_invitation_is_read_as_it_was_written(self, people: Store) -> None:
        """By its code and in the list, the newest first; into a conversation by its name, with the title that it has now."""
        first, second = invite("i1", conversation=LOBBY, uses=7), invite("i2", created_at=2_000)
        await people.add_invite(first)
        await people.add_invite(second)
        first = replace(first, title="")  # the lobby's
        assert await people.invite_by_code(b"i1") == first
        assert await people.invite_by_code(b"other") is None
        assert await people.invites() == [second, first]
        assert await people.end_invite("i1") is True
        assert await people.end_invite("i1") is False
        assert await people.invites() == [second]

    async def test_a_conversation_that_is_not_there(self, people: Store) -> None:
        """NotFound, and nothing is written."""
        with pytest.raises(NotFound):
            await people.add_invite(invite("i1", conversation="r404"))
        assert await people.invites() == []

    async def test_registering_uses_it(self, people: Store) -> None:
        """Each account one use, and it tells where the invitation leads; then it is worth nothing."""
        await people.add_invite(invite("i1", conversation=LOBBY, uses=2))
        assert await people.add_account(account("ali"), b"i1") == LOBBY
        assert await people.add_account(account("vali"), b"i1") == LOBBY
        with pytest.raises(Forbidden):
            await people.add_account(account("soli"), b"i1")
        found = await people.invite_by_code(b"i1")
        assert found is not None and found.uses == 0

    async def test_what_is_expired_or_unknown_is_refused(self, people: Store) -> None:
        """At the moment of its expiry it is over; nothing is written."""
        await people.add_invite(invite("i1", expires_at=1_000))
        for code in (b"i1", b"unknown"):
            with pytest.raises(Forbidden):
                await people.add_account(account("ali"), code)
        assert await people.accounts() == []


async def test_people_survive_a_restart(tmp_path: Path) -> None:
    """What was written is on the disk."""
    for make in STORES:
        place = tmp_path / make.__name__
        async with opened(make(place)) as store:
            await store.add_account(account("ali"))
            await store.add_session(session("s1"))
        async with opened(make(place)) as store:
            assert await store.accounts() == [account("ali")]
            assert await store.session_by_token(b"s1") == session("s1")


def test_the_fake_is_a_people_store() -> None:
    """Type checkers look at this line."""
    assert cast(Store, FakeStore())
