"""Names of bare guests on a node whose lease has expired, or whose database was unavailable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from suhbat.bus.memory import MemoryBus
from suhbat.chat.active import ActiveConnections
from suhbat.chat.model import Actor
from suhbat.chat.presence import PresenceTracker
from suhbat.cluster.membership import ClusterMembership, HeartbeatSignal
from suhbat.errors import NameInUse, SuhbatError
from suhbat.hub.hub import Hub
from suhbat.identity.guests import Guests
from suhbat.store.postgres.store import PostgresStore
from suhbat.store.write.batch import unavailable
from suhbat.tasks import Tasks
from tests import engines
from tests.fakes import FakeClock
from tests.servers import PATIENCE


class Store(PostgresStore):
    """Counts joins. Raises `away` before a name is held or released, and `late` afterwards."""

    away: SuhbatError | None = None
    late: SuhbatError | None = None
    joins = 0
    meanwhile: Callable[[], object] | None = None
    """Called while the next heartbeat is being written."""

    async def beat(self, *asked: object) -> None:
        if self.meanwhile is not None:
            self.meanwhile()
            self.meanwhile = None
        await super().beat(*asked)

    async def join(self, *asked: object) -> set[str]:
        self.joins += 1
        return await super().join(*asked)

    async def hold(self, node: str, skeleton: str, actor: Actor) -> None:
        _fail(self.away)
        await super().hold(node, skeleton, actor)
        _fail(self.late)

    async def release(self, skeleton: str, uid: str) -> None:
        _fail(self.away)
        await super().release(skeleton, uid)


def _fail(error: SuhbatError | None) -> None:
    if error is not None:
        raise error


@dataclass
class Node:
    """One node of the test. It sends a heartbeat only when the test says so."""

    store: Store
    tasks: Tasks
    guests: Guests
    membership: ClusterMembership
    here: PresenceTracker
    active: ActiveConnections
    ended: list[str] = field(default_factory=list)

    async def hold(self, name: str) -> None:
        """Hold a name as a dialect does, which also handles a refusal."""
        claim = self.guests.claim(name)
        try:
            await self.membership.hold(claim)
        except SuhbatError:
            self.guests.release(claim)
            await self.settle()
            raise

    async def let_go(self, name: str) -> None:
        claim = self.guests.claim_of(name)
        assert claim is not None
        self.guests.release(claim)
        self.membership.release(claim)
        await self.settle()

    async def lapse(self) -> None:
        """Let the lease expire, as a long pause does."""
        ended = text("UPDATE nodes SET until = 0 WHERE id = :node")
        await self.store._write(lambda c: c.execute(ended, {"node": self.membership.id}) and None)

    async def beat(self) -> None:
        await self.membership._heartbeat()
        await self.settle()

    async def settle(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.tasks):
                await asyncio.sleep(0.001)


@pytest.fixture
async def nodes() -> AsyncIterator[list[Node]]:
    """Two nodes over one database."""
    url, made = engines.database(), list[Node]()
    async with AsyncExitStack() as stack:
        for _ in range(2):
            clock = FakeClock()
            store = Store(url, clock=clock)
            await store.open(lambda entries: None)
            stack.push_async_callback(store.close)
            bus, signal, tasks = MemoryBus(), HeartbeatSignal(), Tasks()
            here = PresenceTracker(0, signal)
            hub = Hub(store, bus, here, tasks, lambda: False, lambda file: file.url)
            guests = Guests(store, clock, hub.connections)
            active = ActiveConnections(clock.steady)
            membership = ClusterMembership(store, bus, hub, here, active, guests.claims, clock, tasks, signal)
            made.append(Node(store, tasks, guests, membership, here, active))
            hub.connections.end_user = made[-1].ended.append
            await made[-1].membership.open()
        yield made


async def test_the_first_guests_after_a_pause(nodes: list[Node]) -> None:
    """After the lease has expired, several guests connect at once: they get their names, and the node joins once for
    all of them. The names are free when they leave."""
    one, other = nodes
    await one.lapse()
    names = [f"mehmon{number}" for number in range(20)]
    await asyncio.gather(*map(one.hold, names))
    assert one.store.joins == 2, "at the start, and now"
    with pytest.raises(NameInUse):
        await other.hold(names[0])
    await one.let_go(names[0])
    await other.hold(names[0])


async def test_who_looks_as_soon_as_they_connect(nodes: list[Node]) -> None:
    """Somebody connects and looks while a heartbeat is being written, so they are not in it. The next one tells the other nodes
    that they look."""
    one, other = nodes
    ali = Actor("u-ali", "ali", "account", lobby_from=0)

    def connects() -> None:
        one.here.enter(ali)
        one.active.say(ali.uid, "n1", on=True)

    one.store.meanwhile = connects
    await one.beat()
    await one.beat()
    assert await other.store.active([ali.uid]) == {ali.uid}


async def test_a_name_lost_in_a_pause(nodes: list[Node]) -> None:
    """A guest whose name was given away during the pause is disconnected; the new holder keeps the name."""
    one, other = nodes
    await one.hold("user1")
    await one.lapse()
    await other.hold("userl")
    claim = one.guests.claim_of("user1")
    assert claim is not None
    await one.beat()
    assert one.ended == [claim.actor.uid]
    await one.let_go("user1")
    with pytest.raises(NameInUse):
        await one.hold("user1")


async def test_a_name_whose_release_failed(nodes: list[Node]) -> None:
    """The database was unavailable when a guest left. The name is free as soon as the database is back, not only when
    the node stops."""
    one, other = nodes
    await one.hold("user1")
    one.store.away = unavailable()
    await one.let_go("user1")
    await one.beat()
    with pytest.raises(NameInUse):
        await other.hold("user1")
    one.store.away = None
    await one.beat()
    await other.hold("user1")


async def test_a_hold_of_unknown_outcome(nodes: list[Node]) -> None:
    """A hold was written, but the answer was lost. The guest was refused, so the name must become free again."""
    one, other = nodes
    one.store.late = unavailable()
    with pytest.raises(SuhbatError):
        await one.hold("user1")
    await other.hold("user1")
