"""The server as an ASGI application with its lifespan."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from suhbat.chat.ports import Bus, Store
from suhbat.config import Settings
from suhbat.http import api
from suhbat.http.middleware import SafeHeaders
from suhbat.identity.control import Control
from suhbat.identity.external import Authenticate
from suhbat.protocol.problem import MEDIA_TYPE
from suhbat.services import Services
from suhbat.store.errors import UnusableStore
from suhbat.transport.admission import Admission
from suhbat.transport.asgi import Receive, Scope, Send, WebSockets
from suhbat.transport.connection_limiter import ConnectionLimiter, descriptors
from suhbat.transport.event_streams import EventStreams
from suhbat.transport.native import ADMISSION, uvicorn_stops

from . import logs, process
from .adapters import SystemClock, make_bus, make_store
from .handlers import EventHandlers
from .health import ProcessHealth
from .node import Node
from .shutdown import close_gradually
from .startup import Worker, print_welcome, published_control, require_one_worker

NOT_STARTED = JSONResponse(
    {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "code": "busy",
        "detail": "Suhbat is not started. In another application, mount it with suhbat.mount(app, path), which also runs its "
        "lifespan: Starlette does not run that of a mounted application.",
    },
    503,
    media_type=MEDIA_TYPE,
)


class ServerApp:
    """The whole server as an ASGI application: `transport.asgi` for WebSockets, FastAPI for HTTP.

    Nothing runs before the lifespan starts. `services` is None until then and after the lifespan has ended.
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
        path: str = "",
    ) -> None:
        """`path`: below which another application mounts it."""
        self.settings = settings
        self.path = path
        self.services: Services | None = None
        self._quiet = quiet
        self._refusal: str | None = None
        clock = SystemClock()
        store = store or make_store(settings, clock)
        bus = bus or make_bus(settings)
        self.control = Control(settings.data, None if worker is None else worker.secret)
        self.health = ProcessHealth(settings.data, store, bus, worker)
        self.handlers = EventHandlers()
        self.node = Node(settings, store, bus, clock, self.health, self.control, self.handlers, authenticate)
        self.health.watch(self.node)
        self.admission = Admission(lambda: None if self.health.draining else self.services, self.node.hub.turn_end)
        self.streams = EventStreams(self.admission, uvicorn_stops)
        self.fastapi: FastAPI = api.build(self.node.services, self.streams, self.lifespan)
        self.connection_limiter = ConnectionLimiter(
            settings.connections_per_address,
            self.admission.sockets_of,
            self.node.services.proxies.is_trusted,
            descriptors,
        )
        self._not_started = SafeHeaders(NOT_STARTED, settings.public_url)
        self._http = SafeHeaders(self.fastapi, settings.public_url)
        self._sockets = WebSockets(self.admission)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
        else:
            http = self._not_started if self.services is None else self._http
            await http(scope, receive, send)

    async def _run_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the lifespan. If the server cannot start, report the reason as a sentence instead of a traceback."""

        async def send_reason(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.failed" and self._refusal is not None:
                message = {**message, "message": self._refusal}
            await send(message)

        self._refusal = None
        try:
            await self.fastapi(scope, receive, send_reason)
        except UnusableStore:
            if self._refusal is None:
                raise

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        """Set up the process, start the node, serve, and stop in reverse order. Raises UnusableStore."""
        logs.configure(self.settings.log_level)
        process.shorten_switch_interval()
        process.limit_heaps()
        process.raise_file_limit()
        async with AsyncExitStack() as stack:
            stack.callback(self.node.passwords.close)
            await self._start(stack)
            process.freeze_garbage_collector()
            self.services = self.node.services
            stack.callback(self._stop_serving)
            stack.enter_context(
                published_control(self.settings, self.control, self.path, shared=self.node.store.cluster is not None)
            )
            self.node.tasks.start(self.health.run())
            if not self._quiet:
                have_owner = self.node.people.accounts.have_owner
                code = None if have_owner else await self.services.registration.setup.create()
                print_welcome(self.settings, code, self.path)
            yield {"suhbat": self, ADMISSION: self.admission}

    @property
    def has_failed(self) -> bool:
        """Whether the store has failed for good, so that the process should be restarted; the log says why."""
        return self.node.store.has_failed

    async def drain(self) -> None:
        """Hand the connections over to other nodes; `/readyz` answers 503 from now on. Without a cluster, only end the event
        streams and the polls of bots: the server waits for open responses."""
        if self.node.cluster_membership is not None and self.services is not None:
            self.health.draining = True
            await close_gradually(self.node.hub.connections)
        self.streams.close()
        self.node.services.telegram.pollers.close()

    async def _start(self, stack: AsyncExitStack) -> None:
        try:
            require_one_worker(sys.argv, os.environ, self.settings)
            await stack.enter_async_context(self.node.running())
        except UnusableStore as error:
            self._refusal = f"Suhbat cannot start: {error}"
            raise
        except ImportError as error:
            reason = 'bus_url needs a client: pip install ".[cluster]" in the folder of Suhbat (or nats-py)'
            self._refusal = f"Suhbat cannot start: {reason}"
            raise UnusableStore(reason) from error

    def _stop_serving(self) -> None:
        self.services = None


def create_app(
    settings: Settings | None = None,
    authenticate: Authenticate | None = None,
    worker: Worker | None = None,
    *,
    quiet: bool = False,
) -> ServerApp:
    """Make the application for any ASGI server. Without `settings` they are read from the environment and suhbat.toml.

    `authenticate`: identifies users on behalf of another application (see identity.external). `worker`: which of several
    processes of `suhbat serve` this is. `quiet`: print no welcome. Raises ConfigError with what to change.
    """
    return ServerApp(settings or Settings(), authenticate=authenticate, worker=worker, quiet=quiet)
