"""The membership of this node in its cluster: its lease, its connected users, and the users of the other nodes.

The store holds all of it. The bus only signals that something changed, so that nodes read it before their next heartbeat.
Each node announces arrivals and departures to its own connections: those of its own users at once, those of other nodes'
users when it has read them from the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from secrets import token_hex

import structlog

from suhbat.chat.active import ActiveConnections
from suhbat.chat.model import Actor, Lapsed, NodeUpdate
from suhbat.chat.ports import Bus, Clock, Cluster
from suhbat.chat.presence import PresenceTracker
from suhbat.errors import SuhbatError, log_text
from suhbat.hub.hub import Hub
from suhbat.identity.claims import Claim, Claims
from suhbat.identity.names import skeleton
from suhbat.protocol import simple
from suhbat.tasks import Tasks

HEARTBEAT_SECONDS = 1.0
"""The longest time between two heartbeats. A heartbeat renews the lease and reads the other nodes' users."""
SHORTEST_HEARTBEAT_SECONDS = 0.1
"""The shortest time between two heartbeats, when users arrive or leave."""
LOST_SECONDS = 2.0
"""How long another node must have been without a lease before its users are announced as gone. When the store was
unavailable, all leases have expired, and all nodes renew theirs within a second."""
PRUNE_HEARTBEATS = 60
"""Heartbeats between two deletions of expired rows."""

log = structlog.get_logger("suhbat")


class HeartbeatSignal:
    """Requests an early heartbeat. A server without a cluster has one too, but no heartbeats."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def presence_changed(self) -> None:
        """A user arrived or left, here or on another node. Implements `chat.presence.PresenceListener`."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return after the next `presence_changed`, at once if there was one since the last `wait`, or after this time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class ClusterMembership:
    """This node's lease and the names its bare guests hold; see `chat.ports.Cluster`. Implements `identity.claims.Names`.

    `signal` is set by `presence` (users of this node) and by the bus (users of other nodes).
    """

    def __init__(
        self,
        cluster: Cluster,
        bus: Bus,
        hub: Hub,
        presence: PresenceTracker,
        active: ActiveConnections,
        claims: Claims,
        clock: Clock,
        tasks: Tasks,
        signal: HeartbeatSignal,
    ) -> None:
        self.id = token_hex(8)
        self._cluster = cluster
        self._bus = bus
        self._hub = hub
        self._presence = presence
        self._active = active
        self._claims = claims
        self._clock = clock
        self._tasks = tasks
        self._signal = signal
        # By the ids of the other nodes: the version read last, since when the lease is missing, and the bare guests.
        self._versions: dict[str, int] = {}
        self._missing_since: dict[str, float] = {}
        self._remote_guests: dict[str, dict[str, Actor]] = {}
        # Users of this node who arrived or left since the last successful heartbeat.
        self._entered: dict[str, Actor] = {}
        self._left: dict[str, Actor] = {}
        self._joins = 0
        self._joining = asyncio.Lock()
        self._unreleased: list[Claim] = []

    async def open(self) -> None:
        """Begin a lease and read the other nodes' users. Raises Busy."""
        await self._join(self._joins)
        await self._read_others()

    async def close(self) -> None:
        """End the lease now instead of letting it expire. Raises Busy."""
        await self._cluster.leave(self.id)
        self._bus.nudge()

    async def run(self) -> None:
        """Send heartbeats until cancelled. A failed heartbeat is logged; the next one tries again."""
        heartbeats = 0
        while True:
            await asyncio.sleep(SHORTEST_HEARTBEAT_SECONDS)
            await self._signal.wait(HEARTBEAT_SECONDS - SHORTEST_HEARTBEAT_SECONDS)
            try:
                await self._heartbeat()
                await self._read_others()
                heartbeats += 1
                if heartbeats % PRUNE_HEARTBEATS == 0:
                    await self._cluster.prune()
            except SuhbatError as error:
                log.warning("cluster: lease not renewed", error=log_text(error))
            except Exception:
                log.exception("cluster: heartbeat failed")

    def find(self, folded: str) -> Actor | None:
        """The bare guest of another node who holds this name (folded by `names.fold`); None where no other node has one."""
        return next((guests[folded] for guests in self._remote_guests.values() if folded in guests), None)

    async def hold(self, claim: Claim) -> None:
        """Hold a bare guest's name on all nodes. Raises NameInUse or Busy; the name is not held then."""
        try:
            await self._hold(claim)
        except Exception:
            # The store may hold the name all the same: a join may have included it, or the outcome of the transaction is
            # unknown.
            self.release(claim)
            raise

    async def _hold(self, claim: Claim) -> None:
        while True:
            joins = self._joins
            try:
                await self._cluster.hold(self.id, claim.skeleton, claim.actor)
                return
            except Lapsed:
                await self._join(joins)

    def release(self, claim: Claim) -> None:
        """Release a name on all nodes, in the background. While the store is unavailable each heartbeat tries again."""
        self._tasks.start(self._release(claim))

    async def _release(self, claim: Claim) -> None:
        try:
            await self._cluster.release(claim.skeleton, claim.actor.uid)
        except SuhbatError as error:
            log.warning("cluster: guest name not released, retrying", error=log_text(error))
            self._unreleased.append(claim)

    async def _heartbeat(self) -> None:
        entered, left = self._presence.take_local_changes()
        # In the same turn, so that this heartbeat writes the row of everybody who is active before it is marked.
        active = self._active.take_changes()
        for actor in entered:
            self._entered[actor.uid] = actor
            self._left.pop(actor.uid, None)
        for actor in left:
            self._left[actor.uid] = actor
            self._entered.pop(actor.uid, None)
        entered, left, joins = list(self._entered.values()), list(self._left.values()), self._joins
        try:
            await self._cluster.beat(self.id, entered, left)
        except Lapsed:
            log.warning("cluster: lease expired, joining again")
            await self._join(joins)
            return
        except BaseException:
            self._active.put_back(active)
            raise
        for stored, waiting in ((entered, self._entered), (left, self._left)):
            for actor in stored:
                waiting.pop(actor.uid, None)
        await self._tell_active(active)
        unreleased, self._unreleased = self._unreleased, []
        for claim in unreleased:
            self.release(claim)
        if entered or left:
            self._bus.nudge()

    async def _tell_active(self, changes: Mapping[str, float]) -> None:
        """Store whose connections became active or not."""
        if changes:
            try:
                await self._cluster.set_active(self.id, changes)
            except BaseException:
                self._active.put_back(changes)
                raise

    async def _join(self, joins: int) -> None:
        """Begin a lease. `joins` is the value of `_joins` before the caller found the lease expired: when it has grown
        since, another caller has already joined, and nothing is done."""
        async with self._joining:
            if self._joins > joins:
                return
            claims = list(self._claims)
            self._presence.take_local_changes()
            self._entered.clear()
            self._left.clear()
            names = {claim.skeleton: claim.actor.uid for claim in claims}
            lost = await self._cluster.join(self.id, list(self._presence.local_users), names)
            self._joins += 1
            self._active.put_all_back()
            self._versions.clear()
            for claim in claims:
                if claim.skeleton in lost:
                    # While this node had no lease, another node gave the name to another user.
                    self._hub.connections.end_user(claim.actor.uid)
            self._bus.nudge()

    async def _read_others(self) -> None:
        """Read which users the other nodes have, and announce those who arrived or left."""
        others = await self._cluster.others(self.id, self._versions)
        now = self._clock.steady()
        moved: list[tuple[Actor, bool]] = []
        for node, update in others.items():
            self._missing_since.pop(node, None)
            if update.version != self._versions.get(node, 0) or update.whole:
                moved += self._presence.update_node(
                    node, update.entered, update.left, self._clock.wall(), whole=update.whole
                )
                self._update_remote_guests(node, update)
            self._versions[node] = update.version
        for node in self._presence.nodes - others.keys():
            if now - self._missing_since.setdefault(node, now) >= LOST_SECONDS:
                moved += self._presence.remove_node(node, self._clock.wall())
                for by_node in (self._missing_since, self._versions, self._remote_guests):
                    by_node.pop(node, None)
        self._announce(moved)

    def _update_remote_guests(self, node: str, update: NodeUpdate) -> None:
        before = {} if update.whole else self._remote_guests.get(node, {})
        left = set(update.left)
        guests = {name: actor for name, actor in before.items() if actor.uid not in left}
        guests.update((skeleton(actor.user_id), actor) for actor in update.entered if actor.kind == "guest")
        self._remote_guests[node] = guests

    def _announce(self, moved: list[tuple[Actor, bool]]) -> None:
        """Announce users of other nodes to the simple dialect: True for those who arrived, False for those who left."""
        if not self._presence.announcing:
            return
        at = self._clock.wall()
        for actor, arrived in moved:
            frame = simple.joined if arrived else simple.left
            self._hub.announcements.announce(frame(actor.user_id, actor.uid, at))
