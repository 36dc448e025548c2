"""The WebSockets of Suhbat as a pure ASGI layer: any ASGI server can run it, and under uvicorn it is fast.

It stands outside everything else, because `send` is uvicorn's own only there. HTTP goes on to the application inside
(ASGI 3.0, with the optional `websocket.http.response` extension).
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
from .incoming import STALL_SECONDS
from .native import recognise, refusal, take_over
from .queue_wire import QueueWire
from .stream_wire import CLOSE_SECONDS

log = structlog.get_logger("suhbat.transport")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class WebSockets:
    """The layer around `inner`."""

    def __init__(self, inner: Application, admission: Admission) -> None:
        self._inner = inner
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._inner(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if is_ours(path):
            await self._upgrade(path, scope, receive, send)
        else:
            await receive()  # websocket.connect
            await _refuse(scope, send, NotFound("not_found.socket"), self._admission.public_url)

    async def _upgrade(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide on the request, accept, and serve the connection until it ends; under uvicorn it leaves from here."""
        await receive()  # websocket.connect
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        peer = scope["client"][0] if scope.get("client") else None
        try:
            upgrade = self._admission.admit(Request(path, scope["query_string"], headers, peer))
            if protocol := recognise(send):
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
    """The connection's one owner: everything it does to others is undone here, whatever happens."""
    try:
        if not wire.closed and (rest := dialect.open()):
            await rest
        while not wire.closed:
            if dialect.crowded:
                await _breathe(dialect, wire)
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
    """The same where the server's `send` is the only way out: a second task empties the outbox."""
    loop = asyncio.get_running_loop()
    reading = loop.create_task(_serve(dialect, wire, receive))
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


async def _breathe(dialect: Dialect, wire: QueueWire) -> None:
    """Do not read on while too much is asked or unread; drop a peer that takes nothing for 30 s."""
    loop = asyncio.get_running_loop()
    before, since = wire.unsent(), loop.time()
    while dialect.crowded and not wire.closed:
        # Polled: it is rare, and the way of a message should not pay for a wake-up.
        await asyncio.sleep(0.02)
        if wire.unsent() < before:
            before, since = wire.unsent(), loop.time()
        elif loop.time() - since > STALL_SECONDS:
            wire.abort()


async def _refuse(scope: Scope, send: Send, error: SuhbatError, public_url: str | None) -> None:
    """Say no before the upgrade, as HTTP; a server without that extension answers 403 by itself."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": int(Close.POLICY)})
        return
    languages = [value for name, value in scope["headers"] if name.lower() == b"accept-language"]
    response = refusal(error, b",".join(languages).decode("latin-1"), public_url)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.raw_items()]
    await send({"type": "websocket.http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.body})
