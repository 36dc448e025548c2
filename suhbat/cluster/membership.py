"""This node among the others: its lease, who is connected to it, and what the others say of theirs.

Everything is in the store; the bus only says when to look. Each node announces who came and went as it sees it: those on
their own connections at once, those on others' when it has read of them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from secrets import token_hex

import structlog

from suhbat.chat.model import Actor, Lapsed
from suhbat.chat.ports import Bus, Clock, Cluster
from suhbat.chat.presence import Here
from suhbat.errors import SuhbatError
from suhbat.hub.hub import Hub
from suhbat.identity.claims import Claim, Claims
from suhbat.identity.names import skeleton
from suhbat.protocol import simple
from suhbat.tasks import Tasks

BEAT_SECONDS = 1.0
"""How often the lease is renewed, and the others are looked at."""
SOONEST_SECONDS = 0.1
"""The same when there is news."""
LOST_SECONDS = 2.0
"""How long a node must have been without a lease before its people are told to have left: after the store was away, all
leases have run out, and all nodes come back within a second."""
PRUNE_BEATS = 60

log = structlog.get_logger("suhbat")


class BeatSignal:
    """Says that the next beat should be soon. Where one process owns the store nobody waits for it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def moved(self) -> None:
        """Somebody came or went, here or on another node; see `chat.presence.PresenceListener`."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Until somebody has moved since the last wait, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class Neighbours:
    """The lease of this node; see `chat.ports.Cluster`. Implements `identity.claims.Names`.

    `signal`: told by `here`, and by the bus.
    """

    def __init__(
        self,
        cluster: Cluster,
        bus: Bus,
        hub: Hub,
        here: Here,
        claims: Claims,
        clock: Clock,
        tasks: Tasks,
        signal: BeatSignal,
    ) -> None:
        self.id = token_hex(8)
        self._cluster = cluster
        self._bus = bus
        self._hub = hub
        self._here = here
        self._claims = claims
        self._clock = clock
        self._tasks = tasks
        self._signal = signal
        self._versions: dict[str, int] = {}
        self._missing: dict[str, float] = {}
        self._far: dict[str, dict[str, Actor]] = {}
        self._entered: dict[str, Actor] = {}
        self._left: dict[str, Actor] = {}
        self._joins = 0
        self._joining = asyncio.Lock()
        self._unreleased: list[Claim] = []

    async def open(self) -> None:
        """Join the others. Raises Busy."""
        await self._join(self._joins)
        await self._look()

    async def close(self) -> None:
        """Leave them: at once, not when the lease ends. Raises Busy."""
        await self._cluster.leave(self.id)
        self._bus.nudge()

    async def run(self) -> None:
        """Renew the lease and look at the others, for as long as the node lives."""
        beats = 0
        while True:
            await asyncio.sleep(SOONEST_SECONDS)
            await self._signal.wait(BEAT_SECONDS - SOONEST_SECONDS)
            try:
                await self._beat()
                await self._look()
                beats += 1
                if beats % PRUNE_BEATS == 0:
                    await self._cluster.prune()
            except SuhbatError as error:
                log.warning("this node could not renew its lease", error=str(error))
            except Exception:
                log.exception("this node could not renew its lease")

    def find(self, folded: str) -> Actor | None:
        """The guest of this (folded) name who is connected to another node."""
        return next((far[folded] for far in self._far.values() if folded in far), None)

    async def hold(self, claim: Claim) -> None:
        """Hold a bare guest's name on all nodes. Raises NameInUse, Busy: then it is not held."""
        try:
            await self._hold(claim)
        except Exception:
            # Something of it may be in the store: a join took it along, or nobody knows what became of the transaction.
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
        """It is free again: as soon as the store can be reached."""
        self._tasks.start(self._release(claim))

    async def _release(self, claim: Claim) -> None:
        try:
            await self._cluster.release(claim.skeleton, claim.actor.uid)
        except SuhbatError as error:
            log.warning("a name could not be released yet", error=str(error))
            self._unreleased.append(claim)

    async def _beat(self) -> None:
        entered, left = self._here.news()
        for actor in entered:
            self._entered[actor.uid] = actor
            self._left.pop(actor.uid, None)
        for actor in left:
            self._left[actor.uid] = actor
            self._entered.pop(actor.uid, None)
        came, went, joins = list(self._entered.values()), list(self._left.values()), self._joins
        try:
            await self._cluster.beat(self.id, came, went)
        except Lapsed:
            log.warning("this node was away for longer than its lease; it joins the others again")
            await self._join(joins)
            return
        for told, now in ((came, self._entered), (went, self._left)):
            for actor in told:
                now.pop(actor.uid, None)
        unreleased, self._unreleased = self._unreleased, []
        for claim in unreleased:
            self.release(claim)
        if came or went:
            self._bus.nudge()

    async def _join(self, joins: int) -> None:
        """Join the others (again), unless that was done since there were so many `joins`: all who come while the lease has run
        out find that."""
        async with self._joining:
            if self._joins > joins:
                return
            claims = list(self._claims)
            self._here.news()
            self._entered.clear()
            self._left.clear()
            names = {claim.skeleton: claim.actor.uid for claim in claims}
            lost = await self._cluster.join(self.id, list(self._here.people), names)
            self._joins += 1
            self._versions.clear()
            for claim in claims:
                if claim.skeleton in lost:
                    # While this node was away another one let somebody in under this name.
                    self._hub.connections.end_user(claim.actor.uid)
            self._bus.nudge()

    async def _look(self) -> None:
        others = await self._cluster.others(self.id, self._versions)
        now = self._clock.steady()
        moved: list[tuple[Actor, bool]] = []
        for node, news in others.items():
            self._missing.pop(node, None)
            known = self._versions.get(node, 0)
            if news.version != known or news.whole:
                moved += self._here.meet(node, news.entered, news.left, self._clock.wall(), whole=news.whole)
                self._remember(node, news.entered, news.left, news.whole)
            self._versions[node] = news.version
        for node in self._here.nodes - others.keys():
            if now - self._missing.setdefault(node, now) >= LOST_SECONDS:
                moved += self._here.lose(node, self._clock.wall())
                for kept in (self._missing, self._versions, self._far):
                    kept.pop(node, None)
        self._announce(moved)

    def _remember(self, node: str, entered: tuple[Actor, ...], left: tuple[str, ...], whole: bool) -> None:
        far = {} if whole else self._far.get(node, {})
        gone = set(left)
        far = {name: actor for name, actor in far.items() if actor.uid not in gone}
        far.update((skeleton(actor.user_id), actor) for actor in entered if actor.kind == "guest")
        self._far[node] = far

    def _announce(self, moved: list[tuple[Actor, bool]]) -> None:
        if not self._here.announcing:
            return
        at = self._clock.wall()
        for actor, here in moved:
            told = simple.joined if here else simple.left
            self._hub.announcements.tell(told(actor.user_id, actor.uid, at))
