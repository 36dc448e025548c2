"""What one connection sends: parsed a little at a time, and given to its dialect message by message.

Nothing is read on while the dialect is not done with the last one, or while too much is asked of it or unread by the peer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from websockets.frames import Frame, Opcode

from suhbat.protocol.closes import Close

from .dialect import Dialect, Rest
from .frame_reader import FrameReader

log = structlog.get_logger("suhbat.transport")

SLICE = 4 * 1024
"""Bytes parsed, or of messages acted on, before others get their turn: compressed ones are larger than they came."""
CONTROL_FRAMES = 500
"""Pings, pongs and fragments that one connection may send in a second; beyond that it is a flood (4029)."""
FRAGMENTS = 1_000
"""Fragments of one message."""
CROWDED_SECONDS = 0.02
"""How often a connection that asked too much, or reads too little, is looked at. Polled: it is rare."""
STALL_SECONDS = 30.0
"""A crowded connection that takes nothing for this long is dropped."""
_DATA = (Opcode.TEXT, Opcode.BINARY)


class Outgoing(Protocol):
    """The other direction of the same connection."""

    congested: bool
    closed: bool

    def unsent(self) -> int: ...
    def close(self, code: Close, reason: str = "") -> None: ...
    def abort(self) -> None: ...

    def ponged(self, payload: bytes) -> None: ...

    def respond(self) -> None:
        """Write what the parser has to say: pongs, the answer to a close, the end of the connection."""
        ...

    def end(self) -> None:
        """The peer has closed, or broken the protocol."""
        ...


class _Gone:
    """The other direction of a connection that is lost."""

    congested, closed = False, True

    def unsent(self) -> int:
        return 0

    def close(self, code: Close, reason: str = "") -> None: ...
    def abort(self) -> None: ...
    def ponged(self, payload: bytes) -> None: ...
    def respond(self) -> None: ...
    def end(self) -> None: ...


_GONE = _Gone()


class Incoming:
    """One direction of a connection. `conn` is the parser; `waits`: it is not read from."""

    __slots__ = (
        "_deaf",
        "_dialect",
        "_events",
        "_fragments",
        "_outgoing",
        "_over",
        "_reader",
        "_second",
        "_transport",
        "_unparsed",
        "_unseen",
        "_work",
        "conn",
        "waits",
    )

    def __init__(self, transport: asyncio.Transport, outgoing: Outgoing) -> None:
        self.waits = False
        self._reader = FrameReader()
        self.conn = self._reader.conn
        self._transport = transport
        self._outgoing = outgoing
        self._dialect: Dialect | None = None
        self._unparsed = b""
        self._events: deque[bytes | Frame] | None = None  # parsed, but not acted on yet
        self._fragments: list[Frame] | None = None
        self._work: asyncio.Task[None] | None = None  # what the last frame led to is not done
        self._deaf = False  # what still comes is thrown away
        self._over = False  # the dialect was told that it is closed, or will be when its work is done
        self._second = 0.0
        self._unseen = 0

    def begin(self, dialect: Dialect) -> None:
        """From here on there is somebody to give messages to."""
        self._dialect = dialect
        if not self._outgoing.closed:
            self._do(dialect.open)
            self._pause()

    def take(self, data: bytes) -> None:
        """Bytes came."""
        if self._deaf:
            return
        self._unparsed = self._unparsed + data if self._unparsed else data
        if not self.waits:
            self._go_on()

    def deafen(self) -> None:
        """Throw away what is not acted on yet, and what still comes."""
        self._deaf = True
        self._unparsed, self._events = b"", None

    def lose(self) -> None:
        """There is no connection any more. The two directions know each other: without this they, and all that they hold,
        would stay until the garbage collector comes by."""
        self.deafen()
        self._reader.end()
        self._outgoing = _GONE

    def finish(self) -> None:
        """The connection is closed, by either side: tell the dialect soon, and go on reading for the peer's close."""
        if self._over:
            return
        self._over = True
        loop = asyncio.get_running_loop()
        # Not now: this may be in the midst of a fan-out.
        loop.call_soon(self._tell_dialect)
        if self.waits and self._work is None:
            loop.call_soon(self._resume)

    # Parsing

    def _go_on(self) -> None:
        """Act on what was parsed; parse a little; again, until nothing is left or something must be waited for."""
        parsed = acted = 0
        while True:
            while self._events:
                if self._pause():
                    return
                if acted > SLICE:
                    self._go_on_later()
                    return
                event = self._events.popleft()
                acted += len(event if isinstance(event, bytes) else event.data)
                self._take(event)
            if self.conn.parser_exc is not None:
                self._fail()
            if not self._unparsed or self._deaf:
                break
            if parsed:
                # A read of a few hundred KB can be tens of thousands of frames: others get their turn.
                self._go_on_later()
                return
            data, self._unparsed = self._unparsed[:SLICE], self._unparsed[SLICE:]
            parsed = len(data)
            self._parse(data)
        self._pause()

    def _go_on_later(self) -> None:
        self._wait()
        asyncio.get_running_loop().call_soon(self._resume)

    def _parse(self, data: bytes) -> None:
        events = self._reader.feed(data)
        # The answer to a close waits for its turn: see `_take`.
        if (
            self.conn.writes
            and self.conn.parser_exc is None
            and (self._outgoing.closed or self.conn.close_sent is None)
        ):
            self._respond()
        if len(events) == 1 and type(events[0]) is bytes and not self._events:
            self._take(events[0])
        elif events and not self._is_flood(events):
            self._events = self._events or deque()
            self._events += events

    def _respond(self) -> None:
        """Pongs, unless the last are not read (they must not fill the memory); the end, when both sides have closed."""
        if self._outgoing.congested and self.conn.close_sent is None:
            self.conn.writes = []
        else:
            self._outgoing.respond()

    def _fail(self) -> None:
        """What came cannot be parsed. Say why, and read on without listening: closing with unread data would reset the
        connection, reason and all."""
        self.deafen()
        self._outgoing.respond()
        self._outgoing.end()
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
        self._outgoing.close(Close.RATE_LIMITED, "too many frames")
        self.deafen()
        self._wait()

    # Acting

    def _take(self, frame: bytes | Frame) -> None:
        """One frame: a whole message goes to the dialect."""
        if self._outgoing.closed:
            return
        if isinstance(frame, bytes):
            self._message(Opcode.TEXT, frame)
            return
        opcode = frame.opcode
        if opcode is Opcode.CLOSE:
            self._outgoing.respond()  # the answer, behind those to what came before it: nothing may follow it (RFC 6455 §5.5.1)
            self._outgoing.end()
        elif opcode is Opcode.PONG:
            self._outgoing.ponged(bytes(frame.data))
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
        assert self._dialect is not None
        try:
            content = data.decode() if opcode is Opcode.TEXT else bytes(data)
        except UnicodeDecodeError:
            self._outgoing.close(Close.INVALID_DATA, "not UTF-8")
            return
        self._do(self._dialect.receive, content)

    def _do(self, step: Callable[..., Rest | None], *arguments: str | bytes) -> None:
        """A step of the dialect; what remains of it becomes a task, and nothing is read until that is done."""
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
            self._tell_dialect()
        self._resume()

    def _failed(self, error: BaseException) -> None:
        log.error("connection failed", exc_info=error)
        self._outgoing.close(Close.INTERNAL, "internal")

    # Waiting

    def _crowded(self) -> bool:
        return not self._outgoing.closed and self._dialect is not None and self._dialect.crowded

    def _wait(self) -> None:
        if not self.waits:
            self.waits = True
            if not self._transport.is_closing():
                self._transport.pause_reading()

    def _resume(self) -> None:
        # Where it was to go on soon, the last frame may have led to something that is not done: `_done` goes on then.
        if self._transport.is_closing() or self._work is not None:
            return
        self.waits = False
        self._go_on()
        if not self.waits and not self._transport.is_closing():
            self._transport.resume_reading()

    def _pause(self) -> bool:
        """Do not read on while a step is not done, or while too much is asked or unread. Whether that is so."""
        if self._work is not None:
            self._wait()
        elif self._crowded():
            self._wait()
            loop = asyncio.get_running_loop()
            loop.call_later(CROWDED_SECONDS, self._breathe, self._outgoing.unsent(), loop.time())
        return self.waits

    def _breathe(self, before: int, since: float) -> None:
        loop = asyncio.get_running_loop()
        if not self._crowded():
            self._resume()
        elif self._outgoing.unsent() < before:
            loop.call_later(CROWDED_SECONDS, self._breathe, self._outgoing.unsent(), loop.time())
        elif loop.time() - since > STALL_SECONDS:
            self._outgoing.abort()
        else:
            loop.call_later(CROWDED_SECONDS, self._breathe, before, since)

    def _tell_dialect(self) -> None:
        if self._work is None and self._dialect is not None:
            dialect, self._dialect = self._dialect, None
            dialect.closed()
