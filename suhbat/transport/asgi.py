"""The WebSockets of Suhbat as a pure ASGI layer: any ASGI server can run it, and under uvicorn it is fast.

It stands outside everything else, because `send` is uvicorn's own only there. Paths that are not Suhbat's go on to the
application inside (ASGI 3.0, with the optional `websocket.http.response` extension).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from suhbat.errors import Busy, Forbidden, RateLimited, SuhbatError
from suhbat.hub.connection import Wire
from suhbat.identity.address import client_address, neighbourhood
from suhbat.identity.origin import allowed
from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.protocol.problem import MEDIA_TYPE, problem_of
from suhbat.protocol.replies import encode
from suhbat.protocol.v1 import SUBPROTOCOL
from suhbat.texts import choose

from .queue_wire import QueueWire
from .session import Services, Session, Upgrade, parse_query
from .simple import SimpleSession
from .uvicorn_wire import CLOSE_SECONDS, UvicornWire, recognise
from .v1 import V1Session

log = structlog.get_logger("suhbat.transport")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SIMPLE_PATH = "/ws/"
V1_PATH = "/api/v1/ws"
STALL_SECONDS = 30.0


class WebSockets:
    """`services` gives what sessions need, or None before start-up and after shutdown."""

    def __init__(self, inner: Application, services: Callable[[], Services | None]) -> None:
        self._inner = inner
        self._services = services
        self._addresses: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._inner(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path == V1_PATH or path.startswith(SIMPLE_PATH):
            await self._upgrade(path, scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _upgrade(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide on the request, accept, and serve the connection until it ends."""
        await receive()  # websocket.connect
        services = self._services()
        if services is None:
            await _refuse(scope, send, Busy(retry_after=5, seconds=5))
            return
        upgrade, doubled = _read(path, scope, services)
        # A browser sends the Origin of the page it is on; without this check any page that a user visits could talk to
        # a server on their machine or in their network (and Host is checked against DNS rebinding).
        if doubled or not allowed(
            upgrade.headers.get("origin"),
            upgrade.headers.get("host"),
            services.settings.origins,
            services.settings.public_url,
        ):
            await _refuse(scope, send, Forbidden("forbidden.origin"))
            return
        protocol = recognise(send)
        wire = QueueWire() if protocol is None else UvicornWire(protocol)
        offered = scope.get("subprotocols") or []
        subprotocol = SUBPROTOCOL if path == V1_PATH and SUBPROTOCOL in offered else None
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        self._addresses[upgrade.address] += 1
        try:
            session = self._session(services, wire, upgrade)
            if isinstance(wire, QueueWire):
                await _serve_through_asgi(session, wire, receive, send)
            else:
                await _serve(session, wire, receive)
        finally:
            self._addresses[upgrade.address] -= 1
            if not self._addresses[upgrade.address]:
                del self._addresses[upgrade.address]

    def _session(self, services: Services, wire: Wire, upgrade: Upgrade) -> Session:
        limit = services.settings.connections_per_address
        session: SimpleSession | V1Session
        if upgrade.path == V1_PATH:
            session = V1Session(services, wire, upgrade)
        else:
            session = SimpleSession(services, wire, upgrade, upgrade.path.removeprefix(SIMPLE_PATH))
        if limit and self._addresses[upgrade.address] > limit:
            error = RateLimited("rate_limited.connections", retry_after=30, seconds=30)
            session.end(error, simple.refusal(error, upgrade.language))
        return session


async def _serve(session: Session, wire: UvicornWire | QueueWire, receive: Receive) -> None:
    """The connection's one owner: everything it does to others is undone here, whatever happens."""
    try:
        if not wire.closed:
            await session.open()
        while not wire.closed:
            if session.crowded:
                await _breathe(session, wire)
            message = await receive()
            if message["type"] != "websocket.receive":
                break
            text = message.get("text")
            await session.receive(text if text is not None else message.get("bytes") or b"")
    except Exception:
        log.exception("a connection failed", path=session.upgrade.path)
        wire.close(Close.INTERNAL, "internal")
    finally:
        session.closed()
        wire.finish()


async def _serve_through_asgi(session: Session, wire: QueueWire, receive: Receive, send: Send) -> None:
    """The same where the server's `send` is the only way out: a second task empties the outbox."""
    loop = asyncio.get_running_loop()
    reading = loop.create_task(_serve(session, wire, receive))
    sending = loop.create_task(wire.drain(send))
    try:
        await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        wire.finish()
        # What was said before the end still goes out, if the peer takes it.
        await asyncio.wait({sending}, timeout=CLOSE_SECONDS)
    except asyncio.CancelledError:
        # hypercorn stops by cancelling: say goodbye all the same, so that the client comes back at once.
        wire.close(Close.RESTART, "restart")
        raise
    finally:
        for task in (reading, sending):
            task.cancel()
        await asyncio.gather(reading, sending, return_exceptions=True)
        if wire.closing is not None:
            await _say_goodbye(*wire.closing, receive, send)


async def _say_goodbye(code: Close, reason: str, receive: Receive, send: Send) -> None:
    """Close, not beside a pending receive(): granian waits for that one then."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await send({"type": "websocket.close", "code": int(code), "reason": reason})
            # hypercorn gets to the answer only when its queue of received frames is read.
            while (await receive())["type"] == "websocket.receive":
                pass


async def _breathe(session: Session, wire: Wire) -> None:
    """Do not read on while too much is asked or unread; drop a peer that takes nothing for 30 s."""
    loop = asyncio.get_running_loop()
    before, since = wire.unsent(), loop.time()
    while session.crowded and not wire.closed:
        # Polled: it is rare, and the way of a message should not pay for a wake-up.
        await asyncio.sleep(0.02)
        if wire.unsent() < before:
            before, since = wire.unsent(), loop.time()
        elif loop.time() - since > STALL_SECONDS:
            wire.abort()


def _read(path: str, scope: Scope, services: Services) -> tuple[Upgrade, bool]:
    """The request, and whether a header that decides about access came twice."""
    headers: dict[str, str] = {}
    forwarded: list[str] = []
    doubled = False
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        doubled = doubled or (name in ("origin", "host", "authorization") and name in headers)
        headers[name] = raw_value.decode("latin-1")
        if name == "x-forwarded-for":
            forwarded.append(headers[name])
    peer = scope["client"][0] if scope.get("client") else None
    address = neighbourhood(client_address(peer, forwarded, services.trusted))
    return Upgrade(path, headers, parse_query(scope["query_string"]), address), doubled


async def _refuse(scope: Scope, send: Send, error: SuhbatError) -> None:
    """Say no before the upgrade, as HTTP; a server without that extension answers 403 by itself."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": int(Close.POLICY)})
        return
    headers = {name.lower(): value for name, value in scope["headers"]}
    language = choose(headers.get(b"accept-language", b"").decode("latin-1"))
    body = encode(problem_of(error, language))
    await send(
        {
            "type": "websocket.http.response.start",
            "status": error.status,
            "headers": [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "websocket.http.response.body", "body": body})
