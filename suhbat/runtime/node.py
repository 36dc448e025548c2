"""The live parts of one node, wired together: store, bus, hub, people and what they do. No HTTP, no sockets, no process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from suhbat.chat.acting import Acting
from suhbat.chat.bans import Bans
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Bus, Clock, Ears, Store
from suhbat.chat.presence import Here
from suhbat.chat.rate import Rates
from suhbat.chat.turns import Reads
from suhbat.cluster.invalidation import Renewal
from suhbat.cluster.membership import Neighbours
from suhbat.config import Settings
from suhbat.hub.hub import Hub
from suhbat.hub.reconciliation import Reconciliation
from suhbat.identity.accounts import Accounts
from suhbat.identity.guests import Guests
from suhbat.identity.outside import Authenticate, Outside
from suhbat.identity.people import People
from suhbat.identity.proxies import Proxies
from suhbat.identity.sessions import Sessions
from suhbat.identity.tickets import Tickets
from suhbat.protocol.events import LogEntry
from suhbat.tasks import Tasks
from suhbat.transport.opening_limiter import OpeningLimiter
from suhbat.transport.services import Services
from suhbat.transport.strangers import Strangers

from .shutdown import CLOSE_SECONDS, LAST_WORDS_SECONDS, Stopping

log = structlog.get_logger("suhbat")

CHORES_SECONDS = 60.0

_UNTOLD = "the others will notice that this node has gone when its lease ends"
_LAST_USES = "when tokens and sessions were last used is known as of a minute ago"
_UNDECIDED = "the store was not closed; what was acknowledged is stored, sends without an acknowledgement are undecided"


class Node:
    """Nothing runs before `running`. `services` is what dialects need of it."""

    def __init__(
        self, settings: Settings, store: Store, bus: Bus, clock: Clock, authenticate: Authenticate | None = None
    ) -> None:
        self.settings = settings
        self.store = store
        self.bus = bus
        self.clock = clock
        self.tasks = Tasks()
        self.here = Here(settings.announce_limit)
        self.hub = Hub(store, bus, self.here, self.tasks, lambda: store.waiting > 0)
        self.people = People(
            Guests(store, clock, access=settings.access, per_address=settings.guests_per_address, most=settings.guests),
            Accounts(store),
            Sessions(store, clock),
            settings.access,
            store.cluster,
        )
        self.people.sessions.ended = self.hub.connections.end_session
        self.people.guests.ended = self.hub.connections.end_guest
        self.people.accounts.changed = lambda account: self.hub.connections.change(account.actor)
        self.people.moved = self.hub.connections.change
        self.neighbours: Neighbours | None = None
        if store.cluster is not None:
            self.neighbours = Neighbours(store.cluster, bus, self.hub, self.here, self.people.guests, clock, self.tasks)
            self.people.far = self.neighbours.find
            self.here.moved = self.neighbours.hear
        self.bans = Bans(clock)
        self.renewal = Renewal(store, self.hub, self.people, self.bans, self.tasks)
        self.reconciliation = Reconciliation(store, self.hub, self.renewal)
        self.rates = Rates(settings.send_rate, settings.address_rate, settings.room_rate)
        self.acting = Acting(store, self.people, clock, self.bans)
        self.acting.banished = self.hub.connections.banish
        self.services = Services(
            settings=settings,
            store=store,
            hub=self.hub,
            tasks=self.tasks,
            here=self.here,
            people=self.people,
            tickets=Tickets(clock, passes=store.cluster, people=self.people),
            messages=Messages(store, self.people, clock, self.rates),
            acting=self.acting,
            bans=self.bans,
            rates=self.rates,
            reads=Reads(),
            clock=clock,
            opening_limiter=OpeningLimiter(),
            strangers=Strangers(settings.connections),
            outside=None if authenticate is None else Outside(store, clock, self.people, authenticate),
            proxies=Proxies(settings.trusted_proxies),
            names=self.neighbours,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start from the inside out, stop from the outside in. Raises StoreUnavailable with what to do; ImportError where
        the bus needs a client that is not installed."""
        step = Stopping(limited=self.neighbours is not None).step
        async with AsyncExitStack() as stack:
            await self.store.open(self.committed, self.bus.tell)
            stack.push_async_callback(step, self.store.close, CLOSE_SECONDS, _UNDECIDED)
            await self.reconciliation.begin()
            await self.people.load()
            await self.bans.load(self.store)
            flush = partial(self.people.flush, everything=True)
            stack.push_async_callback(step, flush, LAST_WORDS_SECONDS, _LAST_USES)
            await self.bus.open(self._ears(), self.store.epoch)
            stack.push_async_callback(self.bus.close)
            if self.neighbours is not None:
                await self.neighbours.open()
                stack.push_async_callback(step, self.neighbours.close, LAST_WORDS_SECONDS, _UNTOLD)
            stack.push_async_callback(self.tasks.close)
            await self.hub.open()
            stack.callback(self.hub.close)
            self.tasks.start(self.reconciliation.run())
            if self.neighbours is not None:
                self.tasks.start(self.neighbours.run())
            self.tasks.start(self._chores())
            yield

    def committed(self, entries: list[LogEntry]) -> None:
        """A batch is durable: tell everybody here, and the other processes; those may hear of it late, the former not."""
        self.hub.apply(entries, ours=True)
        self.bus.publish(entries)

    async def erase(self) -> None:
        """Go on with what people asked to be forgotten, until nothing is left of it."""
        while await self.store.erase_more(self.clock.wall()):
            pass

    def _ears(self) -> Ears:
        return Ears(
            entries=self.hub.apply,
            notice=self.hub.notices.tell,
            changes=self.renewal.hear,
            nudge=(lambda: None) if self.neighbours is None else self.neighbours.hear,
            resumed=self.reconciliation.look,
        )

    async def _chores(self) -> None:
        """Once a minute: write down who was here, forget those whose time is over, and what is older than it may be."""
        while True:
            await asyncio.sleep(CHORES_SECONDS)
            try:
                await self.people.flush()
                await self.people.sweep()
                await self.store.drop_allowances()
                for name in await self.store.expire(self.settings.retention):
                    self.hub.pages.forget(name)
                await self.erase()
            except Exception:
                log.exception("the chores of this minute were not all done")
