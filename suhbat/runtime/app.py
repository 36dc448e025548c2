"""The one place that constructs objects and wires them together."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry

from suhbat.bus.memory import MemoryBus
from suhbat.chat.bounds import Bounds
from suhbat.chat.ports import Bus, Clock, Store
from suhbat.config import Settings
from suhbat.http import api
from suhbat.http.headers import SafeHeaders
from suhbat.http.parts import Parts
from suhbat.identity.control import Control
from suhbat.identity.outside import Authenticate
from suhbat.protocol.closes import Close
from suhbat.protocol.problem import MEDIA_TYPE
from suhbat.store.errors import StoreUnavailable
from suhbat.store.lock import owned
from suhbat.store.sqlite import SQLiteStore
from suhbat.transport.admission import Admission
from suhbat.transport.asgi import Receive, Scope, Send, WebSockets
from suhbat.transport.connection_limiter import ConnectionLimiter, descriptors
from suhbat.transport.native import ADMISSION
from suhbat.transport.services import Services

from . import logs, memory
from .metrics import FIGURES_SECONDS, Reachable, Together, measure
from .node import Node
from .startup import beside, many_files, one_worker, welcome
from .worker import Worker

log = structlog.get_logger("suhbat")

SWITCH_INTERVAL = 1e-4
"""Seconds. At Python's default of 5 ms a busy event loop keeps the writer's thread from the interpreter for too long."""
COLLECT = (20_000, 20, 50)
"""Thresholds of the garbage collector. Connections and batches are many objects that stay: at Python's default of 700 it
looks at them again and again, for a tenth of all time. What it is for, cycles, are few here."""
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
        worker: Worker | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        self.settings = settings
        self._quiet = quiet
        clock = SystemClock()
        self.node = Node(settings, store or _store(settings, clock), bus or _bus(settings), clock, authenticate)
        self.control = Control(settings.data, None if worker is None else worker.secret)
        self.draining = False
        self.services: Services | None = None
        self._refused: Callable[[str], None] = lambda reason: None
        self._reachable = Reachable(self.node.store)
        registry = CollectorRegistry()
        measure(registry, self.node, self._reachable, lambda: self.draining)
        self._together: Together | None = None
        if worker is not None:
            self._together = Together(registry, settings.data, worker.number)
            registry = CollectorRegistry()
            registry.register(self._together)
        services = self.node.services
        self.fastapi: FastAPI = api.build(
            Parts(
                settings=settings,
                store=services.store,
                people=services.people,
                registration=self.node.registration,
                tickets=services.tickets,
                messages=services.messages,
                commands=services.commands,
                bans=services.bans,
                rates=services.rates,
                reads=services.reads,
                tarpit=services.tarpit,
                clock=services.clock,
                registry=registry,
                counts=services.counts,
                look=self._reachable.look,
                erasing=lambda: self.node.tasks.start(self.node.erase()),
                control=self.control,
                proxies=services.proxies,
                outside=services.outside,
                degraded=lambda: not self.node.bus.connected,
                draining=lambda: self.draining,
            ),
            lifespan=self.lifespan,
        )
        self.admission = Admission(lambda: None if self.draining else self.services)
        self.connection_limiter = ConnectionLimiter(
            settings.connections_per_address, self.admission.sockets_of, services.proxies.is_trusted, descriptors
        )
        self._not_started = SafeHeaders(NOT_STARTED, settings.public_url)
        # Around everything: an unexpected error is answered outside of the application's own layers.
        self._sockets = WebSockets(SafeHeaders(self.fastapi, settings.public_url), self.admission)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http" and self.services is None:
            await self._not_started(scope, receive, send)
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
        memory.give_back()
        many_files()
        async with AsyncExitStack() as stack:
            stack.callback(self.node.passwords.close)
            await self._start(stack)
            # What start-up made stays: without this each full collection walks it, and everybody waits for that.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*COLLECT)
            self.services = self.node.services
            stack.callback(self._stop_serving)
            stack.enter_context(self._controlled())
            if self._together is not None:
                self.node.tasks.start(self._tell_figures(self._together))
            if not self._quiet:
                have_owner = self.node.people.accounts.have_owner
                welcome(self.settings, None if have_owner else await self.node.registration.setup.begin())
            yield {"suhbat": self, ADMISSION: self.admission}

    @property
    def has_failed(self) -> bool:
        """It can do nothing but end: see the log."""
        return self.node.store.has_failed

    async def drain(self) -> None:
        """Say that this node will stop, where others can take over: who watches `readyz` sends nobody here any more, and
        connections are closed (1012: come back) one after another, so that they do not all come to the others at once."""
        if self.node.cluster_membership is None or self.services is None:
            return
        self.draining = True
        await asyncio.sleep(NOTICE_SECONDS)
        connections = list(self.node.hub.connections)
        for number, connection in enumerate(connections, 1):
            connection.wire.close(Close.RESTART, "restart")
            if number % (len(connections) // SPREAD_STEPS + 1) == 0:
                await asyncio.sleep(SPREAD_SECONDS / SPREAD_STEPS)

    async def _start(self, stack: AsyncExitStack) -> None:
        try:
            one_worker(sys.argv, os.environ, self.settings)
            await stack.enter_async_context(self.node.running())
        except StoreUnavailable as error:
            self._refused(f"Suhbat cannot start: {error}")
            raise
        except ImportError as error:
            reason = 'bus_url needs a client: pip install ".[cluster]" in the folder of Suhbat (or nats-py)'
            self._refused(f"Suhbat cannot start: {reason}")
            raise StoreUnavailable(reason) from error

    @contextmanager
    def _controlled(self) -> Iterator[None]:
        """The command line finds this server by its data directory. Of several processes there the first one is found; workers
        of `suhbat serve` were given a secret by their parent, which is found."""
        if self.control.secret is not None:
            yield
            return
        with ExitStack() as stack:
            try:
                if self.node.store.cluster is not None:
                    stack.enter_context(owned(self.settings.data))
                self.control.begin(beside(self.settings))
                stack.callback(self.control.end)
            except (OSError, StoreUnavailable) as error:
                log.info("the command line does not find this process", reason=str(error))
            yield

    async def _tell_figures(self, together: Together) -> None:
        """For the other workers, of which each may be asked for all."""
        while True:
            await self._reachable.look()
            try:
                together.write()
            except OSError as error:
                log.warning("metrics: the figures of this worker cannot be written", error=str(error))
            await asyncio.sleep(FIGURES_SECONDS)

    def _stop_serving(self) -> None:
        self.services = None


def _store(settings: Settings, clock: Clock) -> Store:
    bounds = Bounds(
        conversations=settings.conversations_per_person,
        rooms=settings.rooms_per_day,
        directs=settings.directs_per_day,
        team=settings.access != "open",
    )
    history = settings.lobby_history
    if settings.database_url is None:
        return SQLiteStore(settings.data, lobby_history=history, clock=clock, bounds=bounds)
    # Imported late, as the bus is: a start on SQLite pays for neither.
    from suhbat.store.postgres import PostgresStore

    return PostgresStore(settings.database_url, lobby_history=history, clock=clock, bounds=bounds)


def _bus(settings: Settings) -> Bus:
    if settings.bus_url is None:
        return MemoryBus()
    from suhbat.bus.nats import NatsBus

    return NatsBus(settings.bus_url)


def create_app(
    settings: Settings | None = None,
    authenticate: Authenticate | None = None,
    worker: Worker | None = None,
    *,
    quiet: bool = False,
) -> Suhbat:
    """The server, ready for any ASGI server. Without `settings` they come from the environment and suhbat.toml.

    `authenticate`: who asks, where another application knows that (see identity.outside). `worker`: which of
    several processes of `suhbat serve` it is. `quiet`: another process prints where to open the server. Raises
    ConfigError with what to change.
    """
    return Suhbat(settings or Settings(), authenticate=authenticate, worker=worker, quiet=quiet)
