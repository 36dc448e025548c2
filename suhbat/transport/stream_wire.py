"""A wire over an asyncio transport: one object a connection, no task, no timer while it is quiet.

`websockets` parses (its Sans-I/O `Protocol`, after the handshake); what is written is encoded already. Used by `native.py`.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from websockets.exceptions import InvalidState
from websockets.extensions import Extension
from websockets.frames import Frame, Opcode

from suhbat.hub.frames import Frames
from suhbat.protocol.closes import Close
from suhbat.protocol.framing import text_frames

from .admission import Admission
from .frame_reader import FrameReader
from .session import Rest, Session, Upgrade

log = structlog.get_logger("suhbat.transport")
_DATA = (Opcode.TEXT, Opcode.BINARY)

CLOSE_SECONDS = 5.0
"""How long a peer has to answer a close before its connection is aborted."""
HIGH_WATER = 128 * 1024
"""Unsent bytes of one connection beyond which it is behind."""
SLICE = 4 * 1024
"""Bytes parsed before others get their turn."""
CONTROL_FRAMES = 500
"""Pings, pongs and fragments that one connection may send in a second; beyond that it is a flood (4029)."""
FRAGMENTS = 1_000
"""Fragments of one message."""
CROWDED_SECONDS = 0.02
"""How often a connection that asked too much, or reads too little, is looked at. Polled: it is rare."""
STALL_SECONDS = 30.0
"""A crowded connection that takes nothing for this long is dropped."""


class StreamWire(asyncio.Protocol):
    """See `hub.connection.Wire`. Made after the handshake; then `start` it, and make it the transport's protocol.

    `siblings` is the server's set of connections: whom it tells, and waits for, when it stops.
    """

    __slots__ = (
        "_address",
        "_admission",
        "_closed_by",
        "_compresses",
        "_conn",
        "_deaf",
        "_events",
        "_fragments",
        "_over",
        "_reader",
        "_replies",
        "_second",
        "_session",
        "_siblings",
        "_transport",
        "_unparsed",
        "_unseen",
        "_waiter",
        "_waits",
        "_work",
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
        self._reader = FrameReader()
        self._conn = self._reader.conn
        self._conn.extensions = list(extensions)
        self._compresses = bool(extensions)
        self._session: Session | None = None
        self._replies: list[bytes] | None = None  # of this turn; they go out with what else is written in it
        self._unparsed = b""
        self._events: deque[bytes | Frame] | None = None  # parsed, but not acted on yet
        self._fragments: list[Frame] | None = None
        self._work: asyncio.Task[None] | None = None  # what the last frame led to is not done
        self._waits = False  # it is not read from
        self._deaf = False  # what still comes is thrown away
        self._over = False  # the session was told that it is closed, or will be when its work is done
        self._waiter: asyncio.Future[None] | None = None
        self._closed_by: asyncio.TimerHandle | None = None
        self._second = 0.0
        self._unseen = 0
        transport.set_write_buffer_limits(high=HIGH_WATER)

    def start(self, upgrade: Upgrade) -> None:
        """From here on frames are read and the peer is watched. Raises Busy as `Admission.enter` does."""
        session = self._admission.enter(self, upgrade)
        self._session = session
        self._address = sys.intern(upgrade.address)
        self._siblings.add(self)
        self._admission.keepalive.watch(self)
        if not self.closed:
            self._do(session.open)
            self._pause()

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
        self._flush()
        self._end()

    def abort(self) -> None:
        self._end()
        self._transport.abort()

    def probe(self, patience: float) -> None:
        if self._transport.is_closing():
            # Nothing more will be read from it, and close() may wait for ever for what is unsent to be taken.
            self.abort()
        if self.closed:
            return
        self.heard = False
        self.ping()

        def judge() -> None:
            if not self.heard and not self.closed:
                self.abort()

        asyncio.get_running_loop().call_later(patience, judge)

    # What the keepalive and uvicorn use

    def ping(self) -> None:
        if self._waits and not self._transport.is_closing():
            self.heard = True  # it is not read from: its silence says nothing
        elif not self.closed:
            self._conn.send_ping(b"")
            self._flush()

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
        if self._deaf:
            return
        self._unparsed = self._unparsed + data if self._unparsed else data
        if not self._waits:
            self._go_on()

    def eof_received(self) -> None:
        """The peer sends nothing more: with nothing to close, the transport closes (RFC 6455 §7.1.4)."""

    def connection_lost(self, error: Exception | None) -> None:
        self._deaf = True
        self._unparsed, self._events = b"", None
        self._end()
        if self._closed_by is not None:
            self._closed_by.cancel()
        self._siblings.discard(self)
        self._admission.keepalive.forget(self)
        self._admission.leave(self._address)

    # Reading

    def _go_on(self) -> None:
        """Act on what was parsed; parse a little; again, until nothing is left or something must be waited for."""
        parsed = 0
        while True:
            while self._events:
                if self._pause():
                    return
                self._take(self._events.popleft())
            if self._conn.parser_exc is not None:
                self._fail()
            if not self._unparsed or self._deaf:
                break
            if parsed:
                # A read of a few hundred KB can be tens of thousands of frames: others get their turn.
                self._wait()
                asyncio.get_running_loop().call_soon(self._resume)
                return
            data, self._unparsed = self._unparsed[:SLICE], self._unparsed[SLICE:]
            parsed = len(data)
            self._parse(data)
        self._pause()

    def _parse(self, data: bytes) -> None:
        events = self._reader.feed(data)
        # The answer to a close waits for its turn: see `_take`.
        if self._conn.writes and self._conn.parser_exc is None and (self.closed or self._conn.close_sent is None):
            self._respond()
        if len(events) == 1 and type(events[0]) is bytes and not self._events:
            self._take(events[0])
        elif events and not self._is_flood(events):
            self._events = self._events or deque()
            self._events += events

    def _respond(self) -> None:
        """Pongs, unless the last are not read (they must not fill the memory); the end, when both sides have closed."""
        if self.congested and self._conn.close_sent is None:
            self._conn.writes = []
        else:
            self._flush()

    def _write_replies(self) -> None:
        if self._replies is not None and not self.closed:
            self.send(b"")

    def _flush(self) -> None:
        for data in self._conn.data_to_send():
            if data:
                self.send(data)
            elif not self._deaf:
                self._transport.close()  # both sides said goodbye

    def _fail(self) -> None:
        """What came cannot be parsed. Say why, and read on without listening: closing with unread data would reset the
        connection, reason and all."""
        self._deaf = True
        self._unparsed, self._events = b"", None
        self._flush()
        self._end()
        if not self._transport.is_closing() and self._transport.can_write_eof():
            self._transport.write_eof()

    def _is_flood(self, events: list[bytes | Frame]) -> bool:
        """Count what the dialects never see: control frames and fragments."""
        unseen = sum(1 for event in events if isinstance(event, Frame) and not (event.fin and event.opcode in _DATA))
        if not unseen:
            return False
        now = asyncio.get_running_loop().time()
        if now - self._second >= 1.0:
            self._second, self._unseen = now, 0
        self._unseen += unseen
        if self._unseen <= CONTROL_FRAMES:
            return False
        self._flooded()
        return True

    def _flooded(self) -> None:
        self.close(Close.RATE_LIMITED, "too many frames")
        self._deaf = True
        self._unparsed, self._events = b"", None
        self._wait()

    def _take(self, frame: bytes | Frame) -> None:
        """One frame: a whole message goes to the session."""
        if self.closed:
            return
        if isinstance(frame, bytes):
            self._message(Opcode.TEXT, frame)
            return
        opcode = frame.opcode
        if opcode is Opcode.CLOSE:
            self._flush()  # the answer, behind those to what came before it: nothing may follow it (RFC 6455 §5.5.1)
            self._end()
        elif opcode in _DATA and frame.fin:
            self._message(opcode, frame.data)
        elif opcode in _DATA:
            self._fragments = [frame]
        elif opcode is Opcode.CONT and self._fragments is not None:
            self._fragments.append(frame)
            if frame.fin:
                first = self._fragments[0].opcode
                data = b"".join(part.data for part in self._fragments)
                self._fragments = None
                self._message(first, data)
            elif len(self._fragments) > FRAGMENTS:
                self._flooded()

    def _message(self, opcode: Opcode, data: Any) -> None:
        assert self._session is not None
        try:
            content = data.decode() if opcode is Opcode.TEXT else bytes(data)
        except UnicodeDecodeError:
            self.close(Close.INVALID_DATA, "not UTF-8")
            return
        self._do(self._session.receive, content)

    def _do(self, step: Callable[..., Rest | None], *arguments: str | bytes) -> None:
        """A step of the session; what remains of it becomes a task, and nothing is read until that is done."""
        try:
            rest = step(*arguments)
        except Exception as error:
            self._failed(error)
        else:
            if rest is not None:
                self._work = asyncio.get_running_loop().create_task(rest)
                self._work.add_done_callback(self._done)

    def _done(self, work: asyncio.Task[None]) -> None:
        self._work = None
        if not work.cancelled() and (error := work.exception()) is not None:
            self._failed(error)
        if self._over:
            self._tell_session()
        self._resume()

    def _failed(self, error: BaseException) -> None:
        log.error("a connection failed", exc_info=error)
        self.close(Close.INTERNAL, "internal")

    # Waiting

    def _crowded(self) -> bool:
        return not self.closed and self._session is not None and self._session.crowded

    def _wait(self) -> None:
        if not self._waits:
            self._waits = True
            if not self._transport.is_closing():
                self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport.is_closing():
            return
        self._waits = False
        self._go_on()
        if not self._waits and not self._transport.is_closing():
            self._transport.resume_reading()

    def _pause(self) -> bool:
        """Do not read on while a step is not done, or while too much is asked or unread. Whether that is so."""
        if self._work is not None:
            self._wait()
        elif self._crowded():
            self._wait()
            loop = asyncio.get_running_loop()
            loop.call_later(CROWDED_SECONDS, self._breathe, self.unsent(), loop.time())
        return self._waits

    def _breathe(self, before: int, since: float) -> None:
        loop = asyncio.get_running_loop()
        if not self._crowded():
            self._resume()
        elif self.unsent() < before:
            loop.call_later(CROWDED_SECONDS, self._breathe, self.unsent(), loop.time())
        elif loop.time() - since > STALL_SECONDS:
            self.abort()
        else:
            loop.call_later(CROWDED_SECONDS, self._breathe, before, since)

    # The end

    def _end(self) -> None:
        """Closed by either side: the session hears of it soon, the peer has a few seconds."""
        self.closed = True
        self._wake()
        if self._over:
            return
        self._over = True
        loop = asyncio.get_running_loop()
        # Not now: this may be in the midst of a fan-out.
        loop.call_soon(self._tell_session)
        # Also when both sides said goodbye: a peer that reads nothing would keep the transport for ever.
        self._closed_by = loop.call_later(CLOSE_SECONDS, self._transport.abort)
        if self._waits and self._work is None:
            loop.call_soon(self._resume)  # for the peer's close

    def _tell_session(self) -> None:
        if self._work is None and self._session is not None:
            session, self._session = self._session, None
            session.closed()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
