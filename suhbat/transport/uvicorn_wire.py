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
    from websockets.frames import Frame, Opcode
except ImportError:  # another server, without uvicorn beside it
    WebSocketsSansIOProtocol = None  # type: ignore[assignment,misc]

CLOSE_SECONDS = 5.0
"""How long a peer has to answer a close before its connection is aborted."""
PING_SECONDS = 15.0
"""Ping interval and ping timeout: a dropped connection is offline within 30 s (G7 allows 35)."""
HIGH_WATER = 128 * 1024
"""Unsent bytes of one connection beyond which it is behind."""
SLICE = 4 * 1024
"""Bytes parsed before others get their turn."""
CONTROL_FRAMES = 500
"""Pings, pongs and fragments that one connection may send in a second; beyond that it is a flood (4029)."""
FRAGMENTS = 1_000
"""Fragments of one message."""
REACHED = ("conn", "transport", "queue", "response", "close_sent", "close_timer", "handle_events", "ping_interval")


_DATA = (Opcode.TEXT, Opcode.BINARY)


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

    __slots__ = (
        "_deaf",
        "_protocol",
        "_second",
        "_transport",
        "_unparsed",
        "_unseen",
        "_waiter",
        "closed",
        "congested",
        "seen",
    )

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self.closed = False
        self.congested = False
        self.seen = 0
        self._protocol = protocol
        self._transport = protocol.transport
        self._waiter: asyncio.Future[None] | None = None
        self._unparsed = b""
        self._second = 0.0
        self._unseen = 0
        self._deaf = False  # what still comes is thrown away
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
            "data_received": self._data_received,
            "handle_events": self._handle_events,
            "handle_ping": self._handle_ping,
            "handle_parser_exception": self._handle_parser_exception,
            "keepalive_timeout": self.abort,
            "shutdown": self._shutdown,
        }
        for name, method in replace.items():
            setattr(protocol, name, method)
        # uvloop looks up data_received once, when the protocol is set.
        self._transport.set_protocol(protocol)

    # What the hub uses

    def write(self, frames: Frames) -> None:
        self._write(frames.encoded)

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
        self._write(b"".join(protocol.conn.data_to_send()))
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
        if self._transport.is_closing():
            # Nothing more will be read from it, and close() may wait for ever for what is unsent to be taken.
            self.abort()
        if self.closed:
            return
        seen = self.seen
        try:
            self._protocol.conn.send_ping(b"are you there?")
        except InvalidState:
            return
        self._write(b"".join(self._protocol.conn.data_to_send()))

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

    def _data_received(self, data: bytes) -> None:
        """Parse a little at a time: a read of a few hundred KB can be tens of thousands of frames, and others wait."""
        if self._deaf:
            return
        if self._unparsed:
            self._unparsed += data
        elif len(data) > SLICE:
            self._unparsed = data
            self._transport.pause_reading()
            self._parse_on()
        else:
            type(self._protocol).data_received(self._protocol, data)

    def _parse_on(self) -> None:
        data, self._unparsed = self._unparsed[:SLICE], self._unparsed[SLICE:]
        if self._deaf or self._transport.is_closing():
            return
        type(self._protocol).data_received(self._protocol, data)
        if self._unparsed:
            asyncio.get_running_loop().call_soon(self._parse_on)
        elif not self._protocol.read_paused and not self._deaf and not self._transport.is_closing():
            self._transport.resume_reading()

    def _handle_events(self) -> None:
        """Count what the dialects never see: control frames and fragments."""
        self.seen += 1
        protocol = self._protocol
        unseen = sum(
            1
            for event in protocol.conn.events
            if isinstance(event, Frame) and not (event.fin and event.opcode in _DATA)
        )
        if unseen:
            now = asyncio.get_running_loop().time()
            if now - self._second >= 1.0:
                self._second, self._unseen = now, 0
            self._unseen += unseen
            if self._unseen > CONTROL_FRAMES or len(protocol.frames) > FRAGMENTS:
                self._deaf = True
                protocol.conn.events.clear()
                self.close(Close.RATE_LIMITED, "too many frames")
                self._transport.pause_reading()
                return
        type(protocol).handle_events(protocol)

    def _handle_parser_exception(self) -> None:
        """Say why, and read on without listening: closing with unread data would reset the connection, reason and all."""
        protocol = self._protocol
        assert protocol.conn.close_sent is not None
        code, reason = protocol.conn.close_sent.code, protocol.conn.close_sent.reason
        self.closed = True
        self._deaf = True
        self._write(b"".join(protocol.conn.data_to_send()))
        protocol.close_sent = True
        protocol.stop_keepalive()
        protocol.close_timer = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
        protocol.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self._wake()
        if not self._transport.is_closing():
            self._transport.resume_reading()
            if self._transport.can_write_eof():
                self._transport.write_eof()

    def _handle_ping(self) -> None:
        """Answer, unless the answers are not read: pongs must not fill the memory."""
        output = b"".join(self._protocol.conn.data_to_send())
        if not self.congested:
            self._write(output)

    def _write(self, data: bytes) -> None:
        # uvloop raises for a transport that is just gone; the owner hears of that by itself, and a fan-out must go on.
        try:
            self._transport.write(data)
        except (RuntimeError, OSError):
            self.closed = True
            self._wake()

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
