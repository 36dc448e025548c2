"""Guests: who holds a name, for how long, and that no identity is inherited."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import cast

import pytest

from suhbat.chat.model import GUEST_KEPT, Actor, Guest, Outcome, Post
from suhbat.chat.ports import Store
from suhbat.errors import Busy, Forbidden, InvalidName, NameInUse, RateLimited, Unauthenticated
from suhbat.identity.guest_chores import SILENT
from suhbat.identity.guests import FULL_SECONDS, SILENCE_SECONDS, Guests
from tests.fakes import CountingTokens, FakeClock, FakeListener, FakeStore

DAY = GUEST_KEPT / 1000


class Scene:
    def __init__(self, access: str = "open") -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.tokens = CountingTokens()
        self.guests = self.restart(access)

    def restart(self, access: str = "open") -> Guests:
        self.listener = FakeListener()
        self.guests = Guests(cast(Store, self.store), self.clock, self.listener, self.tokens, access)
        return self.guests


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_bare_guest_is_new_each_time(scene: Scene) -> None:
    """A bare guest who takes a freed name is a new identity: a new uid, and no history of the lobby."""
    first = scene.guests.claim("User1")
    scene.guests.release(first)
    second = scene.guests.claim("user1")
    assert first.actor.user_id == second.actor.user_id == "user1"
    assert first.actor.uid != second.actor.uid
    assert first.actor.lobby_from is None and not first.actor.lasting


def test_a_uid_is_lower_case_base32_of_a_hundred_bits(scene: Scene) -> None:
    """A uid starts with u, has at least 100 random bits, and is valid everywhere a name is."""
    uid = scene.guests.claim("a").actor.uid
    assert uid[0] == "u" and len(uid) >= 21
    assert set(uid[1:]) <= set("abcdefghijklmnopqrstuvwxyz234567")


@pytest.mark.parametrize("other", ["user1", "USER1", "userl", "userI"])
def test_a_held_name_is_refused_with_its_look_alikes(scene: Scene, other: str) -> None:
    """While a user is connected under a name, nobody can connect under a name that looks the same."""
    scene.guests.claim("user1")
    with pytest.raises(NameInUse) as refused:
        scene.guests.claim(other)
    assert refused.value.retry_after == SILENCE_SECONDS


def test_the_claim_that_is_in_the_way_can_be_found(scene: Scene) -> None:
    """The transport can find the holder of a name to ping it."""
    claim = scene.guests.claim("user1")
    claim.holder = "a connection"
    found = scene.guests.claim_of("userl")
    assert found is claim and found.holder == "a connection"
    assert scene.guests.claim_of("user2") is None and scene.guests.claim_of("a b") is None


def test_release_frees_with_the_last_connection_only_its_own_claim(scene: Scene) -> None:
    """A name is free after its last connection. A late release of an old claim does not free the name of its successor."""
    claim = scene.guests.claim("user1")
    claim.connections = 2
    scene.guests.release(claim)
    assert scene.guests.find("user1") == claim.actor
    scene.guests.release(claim)
    assert scene.guests.find("user1") is None
    successor = scene.guests.claim("user1")
    scene.guests.release(claim)
    assert scene.guests.find("user1") == successor.actor


@pytest.mark.parametrize("access", ["invite", "closed"])
async def test_without_open_access_there_are_no_guests(access: str) -> None:
    """Unless `access` is open, every bare name is unauthenticated, valid or not, and no token is given out."""
    guests = Scene(access).guests
    for name in ("user1", "a b", "admin"):
        with pytest.raises(Unauthenticated):
            guests.claim(name)
    with pytest.raises(Forbidden):
        await guests.create("user1")


def test_an_invalid_name_is_refused_and_nobodys(scene: Scene) -> None:
    """An invalid name cannot be claimed, found or kept."""
    with pytest.raises(InvalidName):
        scene.guests.claim("a b")
    assert scene.guests.find("a b") is None
    assert scene.guests.claim_of("a b") is None


async def test_a_token_guest_is_durable_and_comes_back(scene: Scene) -> None:
    """After a restart the token has the same identity, which may read the lobby from the same position."""
    actor, token = await scene.guests.create("user1")
    assert actor.lasting and actor.lobby_from == 0
    assert token.startswith("sg_")
    again = scene.restart()
    await again.load()
    assert await again.authenticate(token) == actor
    assert again.find("userl") == actor


async def test_only_a_hash_of_the_token_is_stored(scene: Scene) -> None:
    """Nobody can log in with the content of the database."""
    _, token = await scene.guests.create("user1")
    (row,) = scene.store.rows.values()
    assert len(row.token_hash) == 32 and token.encode() not in row.token_hash


async def test_a_kept_name_is_refused_to_others(scene: Scene) -> None:
    """A token guest's name is in use, connected or not. The error has the longest possible wait."""
    await scene.guests.create("user1")
    scene.clock.advance(3600)
    with pytest.raises(NameInUse) as refused:
        scene.guests.claim("userl")
    assert refused.value.retry_after == DAY - 3600
    with pytest.raises(NameInUse):
        await scene.guests.create("user1")


async def test_a_name_with_a_connected_bare_guest_gets_no_token(scene: Scene) -> None:
    """A connected bare guest cannot lose the name to a token guest."""
    scene.guests.claim("user1")
    with pytest.raises(NameInUse):
        await scene.guests.create("user1")


async def test_of_two_who_ask_at_once_one_gets_the_name(scene: Scene) -> None:
    """The name is reserved before the store is called."""
    results = await asyncio.gather(scene.guests.create("user1"), scene.guests.create("userl"), return_exceptions=True)
    assert sorted(isinstance(result, NameInUse) for result in results) == [False, True]


async def test_a_failed_store_frees_the_name(scene: Scene) -> None:
    """A guest that could not be written leaves nothing behind."""
    scene.store.broken = OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        await scene.guests.create("user1")
    scene.store.broken = None
    await scene.guests.create("user1")


@pytest.mark.parametrize("token", ["", "sg_", "sg_unknown", "token-1", "\ud800", "x" * 100_000])
async def test_an_unknown_token_is_unauthenticated(scene: Scene, token: str) -> None:
    """Any unknown token has the same error."""
    await scene.guests.create("user1")
    with pytest.raises(Unauthenticated):
        await scene.guests.authenticate(token)


async def test_a_known_token_needs_no_store(scene: Scene) -> None:
    """A token in memory is authenticated even if the store is down."""
    actor, token = await scene.guests.create("user1")
    scene.store.broken = OSError("gone")
    assert await scene.guests.authenticate(token) == actor


async def test_a_token_of_another_process_is_looked_up(scene: Scene) -> None:
    """A token that is not in memory is read from the store and then kept."""
    await scene.guests.load()
    other = Guests(cast(Store, scene.store), scene.clock, FakeListener(), scene.tokens)
    actor, token = await other.create("user1")
    assert await scene.guests.authenticate(token) == actor
    assert scene.guests.find("user1") == actor


async def test_a_day_after_the_last_use_the_name_is_free(scene: Scene) -> None:
    """A day after the last use the token, the name and the identity have expired, also after a restart."""
    _, token = await scene.guests.create("user1")
    scene.clock.advance(DAY - 1)
    await scene.guests.authenticate(token)
    scene.clock.advance(DAY - 1)
    await scene.guests.authenticate(token)
    scene.clock.advance(DAY)
    with pytest.raises(Unauthenticated):
        await scene.guests.authenticate(token)
    assert scene.guests.find("user1") is None
    scene.guests.claim("user1")
    with pytest.raises(Unauthenticated):
        await scene.restart().authenticate(token)


async def test_a_clock_that_was_set_back_ends_no_guest(scene: Scene) -> None:
    """A use, or the end of a connection, at a time before the last use does not shorten the guest's day."""
    actor, token = await scene.guests.create("user1")
    scene.clock.advance(-DAY)
    await scene.guests.authenticate(token)
    scene.guests.attach(actor)
    await scene.guests.chores.flush()
    scene.guests.detach(actor)
    scene.clock.advance(DAY)
    assert await scene.guests.authenticate(token) == actor


async def test_a_connected_token_guest_does_not_expire(scene: Scene) -> None:
    """A guest does not expire while connected. The day begins when the last connection ends."""
    actor, token = await scene.guests.create("user1")
    scene.guests.attach(actor)
    scene.clock.advance(3 * DAY)
    assert scene.guests.find("user1") == actor
    assert scene.guests.chores.sweep() == 0
    scene.guests.detach(actor)
    scene.clock.advance(DAY - 1)
    assert await scene.guests.authenticate(token) == actor
    scene.clock.advance(DAY)
    assert scene.guests.chores.sweep() == 1
    assert scene.guests.chores.sweep() == 0


async def test_last_uses_are_written_in_batches(scene: Scene) -> None:
    """The last use is written at most once a minute for each guest, and all are written before the store closes."""
    actor, token = await scene.guests.create("user1")
    for _ in range(10):
        scene.clock.advance(1)
        await scene.guests.authenticate(token)
    await scene.guests.chores.flush()
    assert scene.store.touched == []
    await scene.guests.chores.flush(everything=True)
    assert scene.store.touched == [{actor.uid: scene.clock.wall()}]
    await scene.guests.chores.flush(everything=True)
    assert len(scene.store.touched) == 1
    scene.guests.attach(actor)
    scene.clock.advance(61)
    await scene.guests.chores.flush()
    assert scene.store.touched[1:] == [{actor.uid: scene.clock.wall()}]


async def test_a_failed_flush_is_repeated(scene: Scene) -> None:
    """A last use that could not be written stays due."""
    actor, token = await scene.guests.create("user1")
    scene.clock.advance(100)
    await scene.guests.authenticate(token)
    scene.store.broken = OSError("locked")
    with pytest.raises(OSError, match="locked"):
        await scene.guests.chores.flush()
    scene.store.broken = None
    await scene.guests.chores.flush()
    assert scene.store.touched == [{actor.uid: scene.clock.wall()}]


def test_attach_of_a_stranger_does_nothing(scene: Scene) -> None:
    """Connections of bare guests and accounts are not counted."""
    stranger = Actor("u", "stranger")
    scene.guests.attach(stranger)
    scene.guests.detach(stranger)
    assert scene.guests.find("stranger") is None


async def test_who_leaves_for_good_is_gone(scene: Scene) -> None:
    """After logging out the token is invalid, also after a restart, and the name is free. It is reported once. For other users
    nothing happens."""
    ended = scene.listener.users
    actor, token = await scene.guests.create("user1")
    scene.guests.attach(actor)
    await scene.guests.end(actor)
    await scene.guests.end(actor)
    assert ended == [actor.uid] and scene.store.rows == {}
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await scene.guests.authenticate(token)
    await scene.guests.create("user1")


async def test_rows_of_long_ago_are_deleted(scene: Scene) -> None:
    """Once an hour all guests who expired a day ago are deleted; the others stay."""
    for number in range(5):
        await scene.guests.create(f"old{number}")
    scene.clock.advance(2 * GUEST_KEPT / 1000)
    await scene.guests.create("fresh")
    scene.guests.chores.sweep()
    await scene.guests.chores.delete_expired()
    assert len(scene.store.rows) == 6  # not before a day is over after theirs
    scene.clock.advance(1)
    await scene.guests.chores.delete_expired()
    assert len(scene.store.rows) == 6  # not each minute
    scene.clock.advance(3600)
    await scene.guests.chores.delete_expired()
    assert [row.user_id for row in scene.store.rows.values()] == ["fresh"]


async def reload(guests: Guests, *uids: str) -> None:
    """Read guests again, none of whom became an account."""
    for uid in await guests.reload(uids):
        guests.left(uid)


class TestOtherNodes:
    """Several nodes share the store; each reloads guests that were made or deleted on the others."""

    @pytest.fixture
    def other(self, scene: Scene) -> Guests:
        return Guests(cast(Store, scene.store), scene.clock, FakeListener(), scene.tokens)

    @pytest.mark.parametrize("where", ["here", "there"])
    async def test_gone_while_they_are_looked_up(self, scene: Scene, other: Guests, where: str) -> None:
        """A look-up whose read began before a guest was deleted, and returns after all nodes were told, does not
        authenticate."""
        actor, token = await other.create("user1")
        gate, look = asyncio.Event(), scene.store.guest_by_token

        async def slow(token_hash: bytes) -> Guest | None:
            found = await look(token_hash)
            await gate.wait()
            return found

        if where == "here":
            await scene.guests.load()
            scene.guests._tokens._by_hash.clear()  # as after a change of the token elsewhere
        scene.store.guest_by_token = slow
        asking = asyncio.ensure_future(scene.guests.authenticate(token))
        await asyncio.sleep(0)
        if where == "here":
            await scene.guests.end(actor)
        else:
            await other.end(actor)
            await reload(scene.guests, actor.uid)
        gate.set()
        with pytest.raises(Unauthenticated):
            await asking
        with pytest.raises(Unauthenticated):
            await scene.guests.authenticate(token)
        assert not scene.guests.knows(actor.uid)

    async def test_gone_while_they_are_read(self, scene: Scene, other: Guests) -> None:
        """The same for a reload: a guest may have been read before the deletion."""
        actor, _ = await other.create("user1")
        gate, read = asyncio.Event(), scene.store.guests_of

        async def slow(uids: Collection[str]) -> list[Guest]:
            found = await read(uids)
            scene.store.guests_of = read
            await gate.wait()
            return found

        scene.store.guests_of = slow
        coming = asyncio.ensure_future(scene.guests.reload([actor.uid]))
        await asyncio.sleep(0)
        await other.end(actor)
        await reload(scene.guests, actor.uid)
        gate.set()
        await coming
        assert not scene.guests.knows(actor.uid)

    async def test_who_came_and_went(self, scene: Scene, other: Guests) -> None:
        """New guests are found by name. Deleted ones are reported and their names are free. Many are reloaded at once."""
        ended = scene.listener.users
        stays, _ = await other.create("user1")
        goes, _ = await other.create("user2")
        await scene.guests.reload([stays.uid, goes.uid, "unknown"])
        assert [scene.guests.find(name) for name in ("user1", "user2")] == [stays, goes]
        await other.end(goes)
        for _ in range(2):
            await reload(scene.guests, stays.uid, goes.uid)
        assert ended == [goes.uid] and scene.guests.find("user2") is None and scene.guests.find("user1") == stays

    async def test_nobody_knows_who(self, scene: Scene, other: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
        """If it is unknown what changed, all guests are compared, in groups."""
        monkeypatch.setattr("suhbat.identity.lookups.AT_ONCE", 2)
        made = [await other.create(f"user{n}") for n in range(5)]
        await scene.guests.load()
        await other.end(made[0][0])
        late, _ = await other.create("late")
        assert await scene.guests.reload_all() == [made[0][0].uid]
        scene.guests.left(made[0][0].uid)
        assert [scene.guests.knows(actor.uid) for actor, _ in made] == [False, True, True, True, True]
        assert scene.guests.find("late") == late


async def test_an_address_makes_so_many_a_day() -> None:
    """Above the limit of an address the error has the rest of the day. Other addresses and this machine are not affected.
    Refused names do not count. After a day the count begins again."""
    scene = Scene()
    scene.guests = Guests(cast(Store, scene.store), scene.clock, scene.listener, scene.tokens, per_address=3)
    for number in range(3):
        await scene.guests.create(f"one{number}", "192.0.2.1")
        with pytest.raises(NameInUse):
            await scene.guests.create(f"one{number}", "192.0.2.1")
    scene.clock.advance(3600)
    with pytest.raises(RateLimited) as refused:
        await scene.guests.create("more", "192.0.2.1")
    assert refused.value.retry_after == DAY - 3600
    assert scene.guests.find("more") is None
    await scene.guests.create("two", "192.0.2.2")
    for number in range(5):
        await scene.guests.create(f"here{number}", "")
    scene.clock.advance(DAY - 3600)
    await scene.guests.create("more", "192.0.2.1")


async def test_there_are_so_many_at_a_time() -> None:
    """Above the limit of all guests the server is busy, until some have expired."""
    scene = Scene()
    scene.guests = Guests(cast(Store, scene.store), scene.clock, scene.listener, scene.tokens, most=2)
    await scene.guests.create("one", "192.0.2.1")
    await scene.guests.create("two", "192.0.2.2")
    with pytest.raises(Busy) as refused:
        await scene.guests.create("three", "192.0.2.3")
    assert refused.value.retry_after == FULL_SECONDS
    scene.clock.advance(SILENT / 1000 + 1)
    assert await scene.guests.chores.drop_silent() == 2
    await scene.guests.create("three", "192.0.2.3")


async def test_who_said_nothing_is_forgotten_after_an_hour(scene: Scene) -> None:
    """Silent guests are dropped after an hour: the name is free, the token invalid, and it is reported. Guests with messages or
    a connection stay, and the store is not asked about them again."""
    ended = scene.listener.users
    silent, token = await scene.guests.create("silent")
    loud, loud_token = await scene.guests.create("loud")
    here, _ = await scene.guests.create("online")
    said: list[Outcome] = []
    scene.store.post(Post(loud, "lobby", None, "salom", None, None, 1, said.append))
    scene.guests.attach(here)
    scene.clock.advance(SILENT / 1000)
    assert await scene.guests.chores.drop_silent() == 0
    scene.clock.advance(1)
    assert await scene.guests.chores.drop_silent() == 1
    assert ended == [silent.uid] and scene.guests.find("silent") is None
    with pytest.raises(Unauthenticated):
        await scene.guests.authenticate(token)
    assert (await scene.guests.create("silent"))[0].uid != silent.uid
    assert (await scene.guests.authenticate(loud_token)) == loud
    assert scene.guests.find("online") == here
    scene.store.broken = RuntimeError("nobody is asked for twice")
    scene.clock.advance(SILENT / 1000)
    assert await scene.restart().chores.drop_silent() == 0


async def test_a_token_used_meanwhile_is_kept(scene: Scene) -> None:
    """The hour begins with the last use."""
    _, token = await scene.guests.create("silent")
    for _ in range(3):
        scene.clock.advance(SILENT / 1000 - 1)
        await scene.guests.authenticate(token)
        assert await scene.guests.chores.drop_silent() == 0
