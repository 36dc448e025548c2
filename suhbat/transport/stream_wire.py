"""The wire over an asyncio transport. An idle connection has no task and no timer.

It writes encoded frames; the `websockets` library makes pings and closes. `incoming` handles received bytes. `native`
creates it.
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
"""The payload of the ping for `confirm`."""
HIGH_WATER = 128 * 1024
"""Unsent bytes above which a connection is congested."""


class StreamWire(asyncio.Protocol):
    """Implements `hub.connection.Wire`, `keepalive.Peer` and `outgoing.Outgoing`.

    Create it after the handshake, call `start`, and make it the transport's protocol. `siblings`: the server's set of
    connections; at shutdown the server calls `shutdown` on each and waits until the set is empty.
    """

    __slots__ = (
        "_abort_timer",
        "_address",
        "_admission",
        "_compresses",
        "_confirm",
        "_conn",
        "_incoming",
        "_probe_timer",
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
        self._replies: list[bytes] | None = None  # of this loop turn; written together, or before other frames
        self._waiter: asyncio.Future[None] | None = None
        self._abort_timer: asyncio.TimerHandle | None = None  # after a close
        self._confirm: Callable[[], None] | None = None
        self._probe_timer: asyncio.TimerHandle | None = None  # aborts unless bytes arrive; see `probe`
        transport.set_write_buffer_limits(high=HIGH_WATER)

    def start(self, upgrade: Upgrade) -> None:
        """Start the dialect, reading and keepalive. Raises Busy, as `Admission.enter` does."""
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
            self._admission.turn_end.add(self._write_replies)
        self._replies.append(payload)

    def send(self, data: bytes) -> None:
        """Write bytes of encoded frames, after the waiting replies."""
        if self._replies is not None:
            replies, self._replies = self._replies, None
            data = text_frames(replies) + data
        # uvloop raises for a transport that was just lost. `connection_lost` handles that; a fan-out must go on.
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
        with suppress(InvalidState):  # the peer has closed first
            self._conn.send_close(int(code), reason)
        self.respond()
        self.end()

    def abort(self) -> None:
        self.end()
        self._transport.abort()

    def probe(self, patience: float) -> None:
        if self._transport.is_closing():
            # Nothing more will be read from it, and close() may wait for ever until the unsent bytes are taken.
            self.abort()
        # Any client can cause probes, as often as it likes. Only one runs at a time, and it is separate from the
        # keepalive's ping; otherwise a peer that answers every ping could be aborted while the last answer is on its way.
        if self.closed or self._incoming.waits or self._probe_timer is not None:
            return
        self.ping()
        self._probe_timer = asyncio.get_running_loop().call_later(patience, self.abort)

    def confirm(self, done: Callable[[], None]) -> None:
        if not self.closed:
            self._confirm = done
            self._conn.send_ping(CONFIRM)
            self.respond()

    def ponged(self, payload: bytes) -> None:
        """Handle a pong; see `outgoing.Outgoing`."""
        if payload == CONFIRM and self._confirm is not None:
            done, self._confirm = self._confirm, None
            done()

    # What the keepalive and uvicorn use

    def ping(self) -> None:
        if self._incoming.waits and not self._transport.is_closing():
            self.heard = True  # reading is paused, so silence does not mean that the peer is gone
        elif not self.closed:
            self._conn.send_ping(b"")
            self.respond()

    def shutdown(self) -> None:
        """Close with 1012 because the server stops. uvicorn calls it; the connection ends within CLOSE_SECONDS."""
        self.close(Close.RESTART, "restart")

    # What the transport calls

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        self.heard = True
        self._end_probe()
        self._incoming.feed(data)

    def eof_received(self) -> None:
        """The peer sends no more bytes. Returning None lets the transport close (RFC 6455 §7.1.4)."""

    def connection_lost(self, error: Exception | None) -> None:
        self.end()
        self._incoming.lose()
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._siblings.discard(self)
        self._admission.keepalive.forget(self)
        self._admission.leave(self._address)

    # Writing

    def _write_replies(self) -> None:
        if self._replies is not None and not self.closed:
            self.send(b"")

    def respond(self) -> None:
        """Write the pongs and closes that the parser has made; close the transport when both sides have closed."""
        for data in self._conn.data_to_send():
            if data:
                self.send(data)
            elif self._conn.parser_exc is None:
                self._transport.close()

    # The end

    def end(self) -> None:
        """Mark the wire as closed by either side. The dialect is closed soon, and the transport is aborted unless the peer
        completes the close within CLOSE_SECONDS. Idempotent."""
        self.closed = True
        self._end_probe()
        self._wake()
        self._incoming.finish()
        if self._abort_timer is None:
            # Also after a complete closing handshake: a peer that does not read would keep the transport open for ever.
            self._abort_timer = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)

    def _end_probe(self) -> None:
        if self._probe_timer is not None:
            self._probe_timer.cancel()
            self._probe_timer = None

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
