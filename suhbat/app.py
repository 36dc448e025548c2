"""The one place that constructs objects and wires them together."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry

from suhbat import logs
from suhbat.bus.memory import MemoryBus
from suhbat.bus.nats import NatsBus
from suhbat.chat.acting import Acting
from suhbat.chat.bans import Bans
from suhbat.chat.messages import Messages
from suhbat.chat.model import Change
from suhbat.chat.ports import Bus, Clock, Ears, Store
from suhbat.chat.presence import Here
from suhbat.chat.rate import Rates
from suhbat.config import Settings
from suhbat.control import Control
from suhbat.http import api
from suhbat.http.parts import Parts
from suhbat.hub import presence
from suhbat.hub.hub import Hub
from suhbat.identity.accounts import Accounts
from suhbat.identity.address import networks
from suhbat.identity.guests import Guests
from suhbat.identity.outside import Authenticate, Outside
from suhbat.identity.passwords import Passwords
from suhbat.identity.people import People
from suhbat.identity.registration import Registration
from suhbat.identity.sessions import Sessions
from suhbat.identity.tickets import Tickets
from suhbat.metrics import measure
from suhbat.neighbours import Neighbours
from suhbat.protocol.closes import Close
from suhbat.protocol.events import LogEntry
from suhbat.protocol.problem import MEDIA_TYPE
from suhbat.renewal import Renewal
from suhbat.startup import beside, many_files, one_worker, welcome
from suhbat.store.errors import StoreUnavailable
from suhbat.store.lock import DirectoryLock
from suhbat.store.postgres import PostgresStore
from suhbat.store.sqlite import SQLiteStore
from suhbat.transport.admission import Admission
from suhbat.transport.asgi import Receive, Scope, Send, WebSockets
from suhbat.transport.native import ADMISSION
from suhbat.transport.session import Services
from suhbat.transport.turnstile import Turnstile

log = structlog.get_logger("suhbat")

SWITCH_INTERVAL = 1e-4
"""Seconds. At Python's default of 5 ms a busy event loop keeps the writer's thread from the interpreter for too long."""
COLLECT = (20_000, 20, 50)
"""Thresholds of the garbage collector. Connections and batches are many objects that stay: at Python's default of 700 it
looks at them again and again, for a tenth of all time. What it is for, cycles, are few here."""
CHORES_SECONDS = 60.0
NOTICE_SECONDS = 1.0
"""How long a node that will stop still takes requests, until who balances between the nodes has noticed."""
SPREAD_SECONDS, SPREAD_STEPS = 3.0, 30
"""Over how long it then closes its connections."""


NOT_STARTED = JSONResponse(
    {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "code": "busy",
        "detail": "Suhbat is not started. In another application mount it with suhbat.mount(app, path), which also runs its "
        "lifespan: Starlette does not do that for what is mounted.",
    },
    503,
    media_type=MEDIA_TYPE,
)


class SystemClock:
    """See `chat.ports.Clock`."""

    def wall(self) -> int:
        return time.time_ns() // 1_000_000

    def steady(self) -> float:
        return time.monotonic()


class Suhbat:
    """The whole server as an ASGI application: its sockets outside, FastAPI inside.

    Nothing runs before the lifespan starts it; `services` is None until then and after it ended.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store | None = None,
        bus: Bus | None = None,
        authenticate: Authenticate | None = None,
    ) -> None:
        self.settings = settings
        self.clock: Clock = SystemClock()
        self.store: Store = store or _store(settings, self.clock)
        self.bus: Bus = bus or (MemoryBus() if settings.bus_url is None else NatsBus(settings.bus_url))
        self.hub = Hub(self.store, self.bus)
        self.hub.gather.more_coming = lambda: self.store.waiting > 0
        self.here = Here(settings.announce_limit)
        self.people = People(
            Guests(self.store, self.clock, access=settings.access),
            Accounts(self.store),
            Sessions(self.store, self.clock),
            settings.access,
        )
        self.people.sessions.ended = self.hub.end_session
        self.people.guests.ended = self.hub.end_guest
        self.people.accounts.changed = lambda account: self.hub.change(account.actor)
        self.people.moved = self.hub.change
        self.neighbours: Neighbours | None = None
        if isinstance(self.store, PostgresStore):
            self.neighbours = Neighbours(self.store, self.bus, self.hub, self.here, self.people.guests, self.clock)
            self.people.far = self.neighbours.find
            self.here.moved = self.neighbours.hear
        passes = self.store if isinstance(self.store, PostgresStore) else None
        self.draining = False
        self.passwords = Passwords()
        self.registration = Registration(self.store, self.clock, self.people, self.passwords, access=settings.access)
        self.registration.setup.passes = passes
        self.control = Control(settings.data)
        self.bans = Bans(self.clock)
        self.renewal = Renewal(self.store, self.hub, self.people, self.bans)
        self.hub.healing.renew = self.renewal.take
        outside = None if authenticate is None else Outside(self.store, self.clock, self.people, authenticate)
        self.services: Services | None = None
        rates = Rates(settings.send_rate, settings.address_rate, settings.room_rate)
        wired = Services(
            settings=settings,
            store=self.store,
            hub=self.hub,
            here=self.here,
            people=self.people,
            tickets=Tickets(self.clock, passes=passes, people=self.people),
            messages=Messages(self.store, self.people, self.clock, rates),
            acting=Acting(self.store, self.people, self.clock, self.bans),
            bans=self.bans,
            rates=rates,
            clock=self.clock,
            turnstile=Turnstile(),
            outside=outside,
            trusted=networks(settings.trusted_proxies),
            names=self.neighbours,
        )
        self.acting = wired.acting
        self.acting.banished = self.hub.banish
        self.registration.join_invited = wired.acting.accept
        self._wired = wired
        self._refused: Callable[[str], None] = lambda reason: None
        registry = CollectorRegistry()
        measure(registry, self.hub, self.here)
        self.fastapi: FastAPI = api.build(
            Parts(
                settings=settings,
                store=self.store,
                people=self.people,
                registration=self.registration,
                tickets=wired.tickets,
                messages=wired.messages,
                acting=wired.acting,
                bans=self.bans,
                rates=wired.rates,
                clock=self.clock,
                registry=registry,
                erasing=lambda: self.hub.spawn(self._erase()),
                control=self.control,
                outside=outside,
                degraded=lambda: not self.bus.connected,
                draining=lambda: self.draining,
            ),
            lifespan=self.lifespan,
        )
        self.admission = Admission(lambda: None if self.draining else self.services)
        self._sockets = WebSockets(self.fastapi, self.admission)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http" and self.services is None:
            await NOT_STARTED(scope, receive, send)
        else:
            await self._sockets(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The lifespan; what keeps the server from starting is told as a sentence, not as a traceback."""
        refusal: list[str] = []

        async def tell(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.failed" and refusal:
                message = {**message, "message": refusal[0]}
            await send(message)

        self._refused = refusal.append
        try:
            await self._sockets(scope, receive, tell)
        except StoreUnavailable:
            if not refusal:
                raise

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        """Start from the inside out, stop from the outside in."""
        logs.configure(self.settings.log_level)
        sys.setswitchinterval(SWITCH_INTERVAL)
        many_files()
        async with AsyncExitStack() as stack:
            try:
                one_worker(sys.argv, os.environ, self.settings)
                await self.store.open(self.committed, self.bus.tell)
            except StoreUnavailable as error:
                self._refused(f"Suhbat cannot start: {error}")
                raise
            stack.push_async_callback(self.store.close)
            stack.callback(self.passwords.close)
            await self.hub.healing.begin()
            await self.people.load()
            await self.bans.load(self.store)
            stack.push_async_callback(self.people.flush, everything=True)
            await self._open_bus()
            stack.push_async_callback(self.bus.close)
            if self.neighbours is not None:
                await self.neighbours.open()
                stack.push_async_callback(self.neighbours.close)
            self.hub.whole_presence = partial(presence.whole, self.hub, self.here)
            await self.hub.open()
            stack.push_async_callback(self.hub.close)
            self.hub.spawn(presence.tell_changes(self.hub, self.here))
            if self.neighbours is not None:
                self.hub.spawn(self.neighbours.run())
            self.hub.spawn(self._chores())
            # What start-up made stays: without this each full collection walks it, and everybody waits for that.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*COLLECT)
            self.services = self._wired
            stack.callback(self._stop_serving)
            stack.enter_context(self._controlled())
            welcome(self.settings, None if self.people.accounts.have_owner else await self.registration.setup.begin())
            yield {"suhbat": self, ADMISSION: self.admission}

    def committed(self, entries: list[LogEntry]) -> None:
        """A batch is durable: tell the other processes, and everybody here."""
        self.bus.publish(entries)
        self.hub.apply(entries, ours=True)

    async def drain(self) -> None:
        """Say that this node will stop, where others can take over: who watches `readyz` sends nobody here any more, and
        connections are closed (1012: come back) one after another, so that they do not all come to the others at once."""
        if self.neighbours is None or self.services is None:
            return
        self.draining = True
        await asyncio.sleep(NOTICE_SECONDS)
        connections = list(self.hub.connections)
        for number, connection in enumerate(connections, 1):
            connection.wire.close(Close.RESTART, "restart")
            if number % (len(connections) // SPREAD_STEPS + 1) == 0:
                await asyncio.sleep(SPREAD_SECONDS / SPREAD_STEPS)

    async def _open_bus(self) -> None:
        try:
            await self.bus.open(self._ears(), self.store.epoch)
        except ImportError as error:
            reason = 'bus_url needs a client: pip install "suhbat[cluster]" (or nats-py)'
            self._refused(f"Suhbat cannot start: {reason}")
            raise StoreUnavailable(reason) from error

    def _ears(self) -> Ears:
        def changes(heard: list[Change]) -> None:
            self.renewal.hear(heard)

        return Ears(
            entries=self.hub.apply,
            notice=self.hub.notice,
            changes=changes,
            nudge=(lambda: None) if self.neighbours is None else self.neighbours.hear,
            resumed=self.hub.healing.look,
        )

    @contextmanager
    def _controlled(self) -> Iterator[None]:
        """The command line finds this server by its data directory. Of several workers there the first one is found."""
        lock: DirectoryLock | None = None
        try:
            if isinstance(self.store, PostgresStore):
                self.settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = DirectoryLock(self.settings.data)
                lock.acquire()
            self.control.begin(beside(self.settings))
        except (OSError, StoreUnavailable) as error:
            log.info("the command line does not find this process", reason=str(error))
            lock = None
        try:
            yield
        finally:
            if self.control.secret is not None:
                self.control.end()
            if lock is not None:
                lock.release()

    def _stop_serving(self) -> None:
        self.services = None

    async def _chores(self) -> None:
        """Once a minute: write down who was here, forget those whose time is over, and what is older than it may be."""
        while True:
            await asyncio.sleep(CHORES_SECONDS)
            try:
                await self.people.flush()
                await self.people.sweep()
                for name in await self.store.expire(self.settings.retention):
                    self.hub.pages.forget(name)
                await self._erase()
            except Exception:
                log.exception("the chores of this minute were not all done")

    async def _erase(self) -> None:
        """Go on with what people asked to be forgotten, until nothing is left of it."""
        while await self.store.erase_more(self.clock.wall()):
            pass


def _store(settings: Settings, clock: Clock) -> Store:
    if settings.database_url is None:
        return SQLiteStore(settings.data, lobby_history=settings.lobby_history, clock=clock)
    return PostgresStore(settings.database_url, lobby_history=settings.lobby_history, clock=clock)


def create_app(settings: Settings | None = None, authenticate: Authenticate | None = None) -> Suhbat:
    """The server, ready for any ASGI server. Without `settings` they come from the environment and suhbat.toml.

    `authenticate`: who asks, where another application knows that (see identity.outside). Raises ConfigError with what to
    change.
    """
    return Suhbat(settings or Settings(), authenticate=authenticate)
