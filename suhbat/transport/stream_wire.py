"""A wire over an asyncio transport: no task and no timer while it is quiet. What comes in is `incoming`'s.

Frames are encoded already when they come here; `websockets` makes pings and closes. Used by `native.py`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from websockets.exceptions import InvalidState
from websockets.extensions import Extension

from suhbat.hub.frames import Frames
from suhbat.protocol.closes import Close
from suhbat.protocol.framing import text_frames

from .admission import Admission
from .incoming import Incoming
from .upgrade import Upgrade

CLOSE_SECONDS = 5.0
"""How long a peer has to answer a close before its connection is aborted."""
CONFIRM = b"taken?"
"""In the ping that asks whether what was written has arrived."""
HIGH_WATER = 128 * 1024
"""Unsent bytes of one connection beyond which it is behind."""


class StreamWire(asyncio.Protocol):
    """See `hub.connection.Wire`. Made after the handshake; then `start` it, and make it the transport's protocol.

    `siblings` is the server's set of connections: whom it tells, and waits for, when it stops.
    """

    __slots__ = (
        "_address",
        "_admission",
        "_closed_by",
        "_compresses",
        "_confirm",
        "_conn",
        "_doubted",
        "_incoming",
        "_replies",
        "_siblings",
        "_transport",
        "_waiter",
        "closed",
        "congested",
        "heard",
        "pinged",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        admission: Admission,
        siblings: set[Any],
        extensions: Sequence[Extension] = (),
    ) -> None:
        self.closed = False
        self.congested = False
        self.heard = True
        self.pinged = False
        self._transport = transport
        self._admission = admission
        self._siblings = siblings
        self._address = ""
        self._incoming = Incoming(transport, self)
        self._conn = self._incoming.conn
        self._conn.extensions = list(extensions)
        self._compresses = bool(extensions)
        self._replies: list[bytes] | None = None  # of this turn; they go out with what else is written in it
        self._waiter: asyncio.Future[None] | None = None
        self._closed_by: asyncio.TimerHandle | None = None
        self._confirm: Callable[[], None] | None = None
        self._doubted: asyncio.TimerHandle | None = None  # until something comes from it: see `probe`
        transport.set_write_buffer_limits(high=HIGH_WATER)

    def start(self, upgrade: Upgrade) -> None:
        """From here on frames are read and the peer is watched. Raises Busy as `Admission.enter` does."""
        dialect = self._admission.enter(self, upgrade)
        self._address = sys.intern(upgrade.address)
        self._siblings.add(self)
        self._admission.keepalive.watch(self)
        self._incoming.begin(dialect)

    # What the hub uses

    def write(self, frames: Frames) -> None:
        if not self.closed:
            self.send(frames.compressed if self._compresses else frames.encoded)

    def reply(self, payload: bytes) -> None:
        if self.closed:
            return
        if self._replies is None:
            self._replies = []
            asyncio.get_running_loop().call_soon(self._write_replies)
        self._replies.append(payload)

    def send(self, data: bytes) -> None:
        """Write bytes as they are."""
        if self._replies is not None:
            replies, self._replies = self._replies, None
            data = text_frames(replies) + data
        # uvloop raises for a transport that is just gone; connection_lost tells of that, and a fan-out must go on.
        try:
            self._transport.write(data)
        except (RuntimeError, OSError):
            self.closed = True
            self._wake()

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
        with suppress(InvalidState):  # the peer was first
            self._conn.send_close(int(code), reason)
        self.respond()
        self.end()

    def abort(self) -> None:
        self.end()
        self._transport.abort()

    def probe(self, patience: float) -> None:
        if self._transport.is_closing():
            # Nothing more will be read from it, and close() may wait for ever for what is unsent to be taken.
            self.abort()
        # Anybody may make us ask, as often as they like: one question at a time, and none of the keepalive's, or a peer
        # that answers all of them would be dropped because the last is still on its way.
        if self.closed or self._incoming.waits or self._doubted is not None:
            return
        self.ping()
        self._doubted = asyncio.get_running_loop().call_later(patience, self.abort)

    def confirm(self, done: Callable[[], None]) -> None:
        if not self.closed:
            self._confirm = done
            self._conn.send_ping(CONFIRM)
            self.respond()

    def ponged(self, payload: bytes) -> None:
        """The peer answered a ping."""
        if payload == CONFIRM and self._confirm is not None:
            done, self._confirm = self._confirm, None
            done()

    # What the keepalive and uvicorn use

    def ping(self) -> None:
        if self._incoming.waits and not self._transport.is_closing():
            self.heard = True  # it is not read from: its silence says nothing
        elif not self.closed:
            self._conn.send_ping(b"")
            self.respond()

    def shutdown(self) -> None:
        """The server is stopping: 1012, and no longer than a few seconds for the peer to take it."""
        self.close(Close.RESTART, "restart")

    # What the transport calls

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        self.heard = True
        self._believe()
        self._incoming.feed(data)

    def eof_received(self) -> None:
        """The peer sends nothing more: with nothing to close, the transport closes (RFC 6455 §7.1.4)."""

    def connection_lost(self, error: Exception | None) -> None:
        self.end()
        self._incoming.lose()
        if self._closed_by is not None:
            self._closed_by.cancel()
        self._siblings.discard(self)
        self._admission.keepalive.forget(self)
        self._admission.leave(self._address)

    # Writing

    def _write_replies(self) -> None:
        if self._replies is not None and not self.closed:
            self.send(b"")

    def respond(self) -> None:
        """Write what the parser has to say: pongs, closes; and the end, when both sides have said goodbye."""
        for data in self._conn.data_to_send():
            if data:
                self.send(data)
            elif self._conn.parser_exc is None:
                self._transport.close()

    # The end

    def end(self) -> None:
        """Closed by either side: the dialect hears of it soon, the peer has a few seconds."""
        self.closed = True
        self._believe()
        self._wake()
        self._incoming.finish()
        if self._closed_by is None:
            # Also when both sides said goodbye: a peer that reads nothing would keep the transport for ever.
            self._closed_by = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)

    def _believe(self) -> None:
        if self._doubted is not None:
            self._doubted.cancel()
            self._doubted = None

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
