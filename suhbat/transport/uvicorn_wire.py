"""The one place that reaches into uvicorn: writes encoded frames to its transport, and mends what it leaves open.

Written for uvicorn 0.54 (pinned); tests/transport/test_uvicorn_wire.py shows each reach to be needed and to work. Where a
different server or version is found, `recognise` says None and the plain ASGI way is used: slower, the same otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from suhbat.hub.frames import Frames
from suhbat.protocol.closes import Close
from suhbat.protocol.types import MAX_FRAME

try:
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    from websockets.exceptions import InvalidState
except ImportError:  # another server, without uvicorn beside it
    WebSocketsSansIOProtocol = None  # type: ignore[assignment,misc]

CLOSE_SECONDS = 5.0
"""How long a peer has to answer a close before its connection is aborted."""
PING_SECONDS = 15.0
"""Ping interval and ping timeout: a dropped connection is offline within 30 s (G7 allows 35)."""
HIGH_WATER = 128 * 1024
"""Unsent bytes of one connection beyond which it is behind."""
REACHED = ("conn", "transport", "queue", "response", "close_sent", "close_timer", "handle_events", "ping_interval")


def recognise(send: Callable[..., Any]) -> WebSocketsSansIOProtocol | None:
    """The uvicorn protocol behind an ASGI `send`, if it is the one this module knows. Only before `accept`."""
    protocol = getattr(send, "__self__", None)
    if WebSocketsSansIOProtocol is None or not isinstance(protocol, WebSocketsSansIOProtocol):
        return None
    if not all(hasattr(protocol, name) for name in REACHED):
        return None
    return protocol


class UvicornWire:
    """See `hub.connection.Wire`. Made before `accept`, used after it."""

    __slots__ = ("_protocol", "_transport", "_waiter", "closed", "congested", "seen")

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self.closed = False
        self.congested = False
        self.seen = 0
        self._protocol = protocol
        self._transport = protocol.transport
        self._waiter: asyncio.Future[None] | None = None
        self._prepare()

    def _prepare(self) -> None:
        """Small messages, no compression, prompt pings; and let this wire see what uvicorn keeps to itself."""
        protocol = self._protocol
        protocol.conn.max_message_size = MAX_FRAME
        protocol.conn.extensions = []
        if "Sec-WebSocket-Extensions" in protocol.response.headers:
            del protocol.response.headers["Sec-WebSocket-Extensions"]
        protocol.ping_interval = PING_SECONDS
        protocol.ping_timeout = PING_SECONDS
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        # uvicorn calls these through the instance, so an attribute of the instance comes first.
        replace: dict[str, Callable[..., None]] = {
            "pause_writing": self._pause_writing,
            "resume_writing": self._resume_writing,
            "handle_events": self._handle_events,
            "shutdown": self._shutdown,
        }
        for name, method in replace.items():
            setattr(protocol, name, method)

    # What the hub uses

    def write(self, frames: Frames) -> None:
        self._transport.write(frames.encoded)

    def unsent(self) -> int:
        return self._transport.get_write_buffer_size()

    async def drained(self) -> None:
        while self.congested and not self.closed:
            if self._waiter is None:
                self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiter)

    def close(self, code: Close, reason: str = "") -> None:
        if self.closed:
            return
        self.closed = True
        self._wake()
        protocol = self._protocol
        if protocol.close_sent or self._transport.is_closing():
            return
        protocol.stop_keepalive()
        try:
            protocol.conn.send_close(int(code), reason)
        except InvalidState:
            self._transport.close()
            return
        self._transport.write(b"".join(protocol.conn.data_to_send()))
        protocol.close_sent = True
        if protocol.read_paused:
            protocol.read_paused = False
            self._transport.resume_reading()
        # uvicorn's own timer would call close(), which waits for ever for a peer that does not read.
        protocol.close_timer = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
        protocol.queue.put_nowait({"type": "websocket.disconnect", "code": int(code), "reason": reason})

    def abort(self) -> None:
        self.closed = True
        self._wake()
        self._transport.abort()

    def probe(self, patience: float) -> None:
        if self.closed or self._transport.is_closing():
            return
        seen = self.seen
        try:
            self._protocol.conn.send_ping(b"are you there?")
        except InvalidState:
            return
        self._transport.write(b"".join(self._protocol.conn.data_to_send()))

        def judge() -> None:
            if self.seen == seen and not self.closed:
                self.abort()

        asyncio.get_running_loop().call_later(patience, judge)

    def finish(self) -> None:
        """The application is done with the connection: what is still open after a while is aborted."""
        self.closed = True
        self._wake()
        protocol = self._protocol
        if protocol.close_timer is None and not protocol.disconnected:
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)

    # What uvicorn and its transport call

    def _pause_writing(self) -> None:
        self.congested = True
        self._protocol.writable.clear()

    def _resume_writing(self) -> None:
        self.congested = False
        self._protocol.writable.set()
        self._wake()

    def _handle_events(self) -> None:
        self.seen += 1
        type(self._protocol).handle_events(self._protocol)

    def _shutdown(self) -> None:
        """uvicorn is stopping: 1012, and no longer than a few seconds for the peer to take it."""
        if self._protocol.close_sent:
            self._transport.close()
        else:
            self.close(Close.RESTART, "restart")

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
