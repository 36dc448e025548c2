"""Cache invalidation: changes of other nodes are read soon, in groups, revocations first, and nothing waits for the
reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any, cast

import pytest

from suhbat.chat.bans import Bans
from suhbat.chat.model import Change, Session
from suhbat.chat.ports import Store
from suhbat.cluster.invalidation import CacheInvalidation
from suhbat.errors import Busy
from suhbat.hub import reconciliation
from suhbat.protocol.closes import Close
from suhbat.tasks import Tasks
from tests.hub.parts import Log, connect, reconciling, running, settle
from tests.identity.parts import Scene


class House:
    """A hub with one connection, over users that another node changes. `asked`: the reads of the store, in order."""

    def __init__(self, hub: Any, log: Log) -> None:
        self.hub, self.log = hub, log
        self.scene, self.there = Scene(listener=hub.connections), Scene()
        self.there.store, self.there.clock, self.there.tokens = self.scene.store, self.scene.clock, self.scene.tokens
        self.there.restart()
        self.people = self.scene.people
        self.banned: dict[str, int | None] = {}
        self.asked: list[str] = []
        for name in ("sessions", "accounts", "guests_of"):
            self._count(name)
        self.scene.store.bans = self._bans
        store = cast(Store, self.scene.store)
        self.tasks = Tasks()
        self.invalidation = CacheInvalidation(store, hub, self.people, Bans(self.scene.clock), self.tasks)

    async def log_in(self, name: str) -> tuple[Session, Any]:
        """A user with an account who logs in on the other node and is connected here."""
        actor, token = await self.there.register(name)
        session = await self.there.sessions.authenticate(token)
        connection, wire = connect(self.hub, actor.uid)
        connection.actor, connection.session = actor, session.id
        await self.people.authenticate(token)
        self.asked.clear()
        return session, wire

    def _count(self, name: str) -> None:
        read = getattr(self.scene.store, name)

        async def counted(keys: Collection[str] | None = None) -> Any:
            self.asked.append(name)
            return await read(keys)

        setattr(self.scene.store, name, counted)

    async def _bans(self) -> dict[str, int | None]:
        self.asked.append("bans")
        return self.banned


@pytest.fixture
async def house() -> AsyncIterator[House]:
    log = Log()
    async with running(log) as hub:
        house = House(hub, log)
        yield house
        await house.tasks.close()


async def test_revocations_are_read_before_a_thousand_sign_ups(house: House) -> None:
    """The changes of one comparison cause a few reads, not one for each change. Ended sessions and bans are read first."""
    session, wire = await house.log_in("ali")
    await house.there.sessions.revoke(session.uid, session.id)
    house.banned["u-bad"] = None
    _, bad = connect(house.hub, "u-bad")
    signed_up = [Change("guest", f"u{n}") for n in range(1_000)]
    house.invalidation.invalidate([*signed_up, Change("session", session.id), Change("bans", "u-bad")], False)
    await settle()
    assert (wire.code, bad.code) == (Close.SESSION_REVOKED, Close.FORBIDDEN)
    assert house.asked == ["sessions", "bans", "guests_of", "guests_of"]


async def test_a_later_revocation_has_its_turn(house: House) -> None:
    """A revocation that arrives while new accounts are read waits for one group of them, not for all."""
    session, wire = await house.log_in("ali")
    await house.there.sessions.revoke(session.uid, session.id)
    gate, read = asyncio.Event(), house.scene.store.guests_of

    async def slow(uids: Collection[str]) -> Any:
        await gate.wait()
        gate.clear()
        return await read(uids)

    house.scene.store.guests_of = slow
    house.invalidation.invalidate([Change("guest", f"u{n}") for n in range(2_000)])
    await settle()
    house.invalidation.invalidate([Change("session", session.id)])
    gate.set()
    await settle()
    assert wire.code is Close.SESSION_REVOKED and house.asked == ["guests_of", "sessions"]


async def test_messages_do_not_wait_for_invalidation(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long these reads take, the next comparison of heads is on time."""
    monkeypatch.setattr(reconciliation, "RECONCILE_SECONDS", 0.0)
    _, wire = connect(house.hub, "ub")
    moved, hang = house.log.changes_since, asyncio.Event()

    async def with_news(logs: Collection[str], since: str | None = None) -> Any:
        found = await moved(logs, since)
        return type(found)(found.mark, found.heads, (Change("guest", "u1"),))

    async def hangs(uids: Collection[str]) -> Any:
        await hang.wait()
        return []

    house.log.changes_since = with_news
    house.scene.store.guests_of = hangs
    async with reconciling(house.hub, house.log, house.invalidation):
        await settle()
        house.log.write()
        await settle()
        assert wire.seqs() == [1]
    hang.set()


async def test_a_failed_read_is_repeated(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed read is repeated once the store is back, without another notification. Reads that succeed are not
    delayed by it."""
    monkeypatch.setattr("suhbat.cluster.invalidation.RETRY_SECONDS", 0.0)
    session, wire = await house.log_in("ali")
    await house.there.sessions.revoke(session.uid, session.id)
    guest, _ = await house.there.guests.create("user1")
    read, failures = house.scene.store.sessions, [Busy(), RuntimeError("on purpose")]

    async def fails(ids: Collection[str]) -> Any:
        if failures:
            assert house.people.find("user1") == (None if len(failures) == 2 else guest)
            raise failures.pop(0)
        return await read(ids)

    house.scene.store.sessions = fails
    house.invalidation.invalidate([Change("session", session.id), Change("guest", guest.uid)], False)
    await settle()
    assert not failures and wire.code is Close.SESSION_REVOKED
    house.asked.clear()
    await settle()
    assert house.asked == [], "and then it is done"


async def test_unknown_changes_read_everything(house: House) -> None:
    """When it is unknown what changed, sessions, bans, accounts and guests are all read again."""
    session, wire = await house.log_in("ali")
    other, others = await house.log_in("vali")
    guest, _ = await house.there.guests.create("user1")
    await house.there.sessions.revoke(session.uid, session.id)
    house.banned[other.uid] = None
    house.invalidation.invalidate((), True)
    await settle()
    assert (wire.code, others.code) == (Close.SESSION_REVOKED, Close.FORBIDDEN)
    assert house.people.find("user1") == guest


async def test_an_unknown_kind_of_change_is_ignored(house: House) -> None:
    """During a rolling upgrade a change may have a kind that this version does not know. It is ignored."""
    house.invalidation.invalidate([cast(Any, Change)("weather", "k")], False)
    await settle()
    assert house.asked == []


async def test_a_guest_became_an_account_on_another_node_and_is_disabled(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's connection here has no session that could be revoked. It ends when the account is disabled, and has
    ended when the user logs out."""
    monkeypatch.setattr("suhbat.hub.connections.MOVE_SECONDS", 0.0)
    for name in ("user1", "user2"):
        guest, token = await house.there.guests.create(name)
        await house.people.authenticate(token)
        connection, wire = connect(house.hub, guest.uid)
        await house.there.register(name, guest=guest)
        house.invalidation.invalidate([Change("account", guest.uid)], False)
        if name == "user1":
            await house.there.administration.set_disabled(name, True)
        await settle()
        await asyncio.sleep(0.001)
        assert connection.actor.kind == "account" or name == "user1"
        assert wire.code is (Close.SESSION_REVOKED if name == "user1" else Close.RESTART)
