"""Suhbat's WebSockets as an ASGI 3.0 application. It runs under any ASGI server; under uvicorn it takes the fast way.

No middleware may stand before it, because only uvicorn's own `send` shows that uvicorn runs. Refusals use the optional
`websocket.http.response` extension.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from suhbat.errors import NotFound, SuhbatError
from suhbat.protocol.closes import Close

from .admission import Admission, Request, is_ours
from .dialect import Dialect
from .flow_control import CROWDED_SECONDS, Progress
from .native import refusal, take_over, uvicorn_protocol
from .queue_wire import QueueWire
from .stream_wire import CLOSE_SECONDS

log = structlog.get_logger("suhbat.transport")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class WebSockets:
    """The application for connections of the type `websocket`."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if is_ours(path):
            await self._upgrade(path, scope, receive, send)
        else:
            await receive()  # websocket.connect
            await _refuse(scope, send, NotFound("not_found.socket"), self._admission.public_url)

    async def _upgrade(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, accept it, and serve the connection until it ends. Under uvicorn `take_over` serves it, and
        this returns at once."""
        await receive()  # websocket.connect
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        peer = scope["client"][0] if scope.get("client") else None
        try:
            upgrade = self._admission.admit(Request(path, scope["query_string"], headers, peer))
            if protocol := uvicorn_protocol(send):
                take_over(protocol, self._admission, upgrade)
                return
        except SuhbatError as error:
            await _refuse(scope, send, error, self._admission.public_url)
            return
        wire = QueueWire()
        dialect = self._admission.enter(wire, upgrade)
        try:
            await send({"type": "websocket.accept", "subprotocol": self._admission.subprotocol(upgrade)})
            await _serve_through_asgi(dialect, wire, receive, send)
        finally:
            self._admission.leave(upgrade.address)


async def _serve(dialect: Dialect, wire: QueueWire, receive: Receive) -> None:
    """Read messages for the dialect until the connection ends. `dialect.closed` is called whatever happens."""
    try:
        if not wire.closed and (rest := dialect.open()):
            await rest
        while not wire.closed:
            if dialect.crowded:
                await _wait_until_readable(dialect, wire)
            message = await receive()
            if message["type"] != "websocket.receive":
                break
            text = message.get("text")
            if rest := dialect.receive(text if text is not None else message.get("bytes") or b""):
                await rest
    except Exception:
        log.exception("connection failed")
        wire.close(Close.INTERNAL, "internal")
    finally:
        dialect.closed()
        wire.finish()


async def _serve_through_asgi(dialect: Dialect, wire: QueueWire, receive: Receive, send: Send) -> None:
    """Serve a connection with two tasks: one reads for the dialect, the other empties the outbox through `send`."""
    loop = asyncio.get_running_loop()
    reading = loop.create_task(_serve(dialect, wire, receive))
    sending = loop.create_task(wire.drain(send))
    try:
        await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        wire.finish()
        # Frames written before the end are still sent, if the peer takes them.
        await asyncio.wait({sending}, timeout=CLOSE_SECONDS)
    except asyncio.CancelledError:
        # hypercorn cancels at shutdown. The close must still be sent, so that the client reconnects at once.
        wire.close(Close.RESTART, "restart")
        raise
    finally:
        for task in (reading, sending):
            task.cancel()
        await asyncio.gather(reading, sending, return_exceptions=True)
        if wire.closing is not None:
            await _send_close(*wire.closing, receive, send)


async def _send_close(code: Close, reason: str, receive: Receive, send: Send) -> None:
    """Send the close. Call it while no `receive` is pending: granian would wait for that one first."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await send({"type": "websocket.close", "code": int(code), "reason": reason})
            # hypercorn handles the peer's close only after its queue of received frames was read.
            while (await receive())["type"] == "websocket.receive":
                pass


async def _wait_until_readable(dialect: Dialect, wire: QueueWire) -> None:
    """Return when the dialect is no longer crowded. Abort a peer that takes no bytes for STALL_SECONDS."""
    loop = asyncio.get_running_loop()
    progress = Progress(wire.unsent(), loop.time())
    while dialect.crowded and not wire.closed:
        await asyncio.sleep(CROWDED_SECONDS)
        if progress.stalled(wire.unsent(), loop.time()):
            wire.abort()


async def _refuse(scope: Scope, send: Send, error: SuhbatError, public_url: str | None) -> None:
    """Refuse the upgrade over HTTP. A server without the extension answers 403 by itself."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": int(Close.POLICY)})
        return
    languages = [value for name, value in scope["headers"] if name.lower() == b"accept-language"]
    response = refusal(error, b",".join(languages).decode("latin-1"), public_url)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.raw_items()]
    await send({"type": "websocket.http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.body})
