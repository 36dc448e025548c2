"""The incoming direction of a connection: it parses bytes in small slices and gives the dialect message by message.

Reading pauses while the dialect is working on a message, or is crowded (see `dialect.Dialect`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from websockets.frames import Frame, Opcode

from suhbat.protocol.closes import Close

from .dialect import Dialect, Rest
from .flow_control import CROWDED_SECONDS, Progress
from .frame_reader import FrameReader
from .outgoing import NO_OUTGOING, Outgoing

log = structlog.get_logger("suhbat.transport")

SLICE = 4 * 1024
"""Bytes parsed in one loop turn, and bytes of messages handled in one (messages may have been compressed)."""
CONTROL_FRAMES = 500
"""Pings, pongs and fragments that one connection may send in a second. More are a flood (close 4029)."""
FRAGMENTS = 1_000
"""Fragments of one message. More are a flood."""
_DATA = (Opcode.TEXT, Opcode.BINARY)


class Incoming:
    """Reads one connection. `conn` is the parser (see `FrameReader`). `waits`: reading is paused."""

    __slots__ = (
        "_dialect",
        "_discards",
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
        self._events: deque[bytes | Frame] | None = None  # parsed, not handled yet
        self._fragments: list[Frame] | None = None  # of the message that is incomplete
        self._work: asyncio.Task[None] | None = None  # the rest of the dialect's last step
        self._discards = False  # further bytes are not parsed
        self._over = False  # `dialect.closed` was called, or will be when `_work` is done
        self._second = 0.0  # when the count of `_unseen` began
        self._unseen = 0  # control frames and fragments since then

    def begin(self, dialect: Dialect) -> None:
        """Open the dialect and give it the messages."""
        self._dialect = dialect
        if not self._outgoing.closed:
            self._do(dialect.open)
            self._pause()

    def feed(self, data: bytes) -> None:
        """Handle bytes from the transport."""
        if self._discards:
            return
        self._unparsed = self._unparsed + data if self._unparsed else data
        if not self.waits:
            self._process()

    def discard(self) -> None:
        """Drop all bytes and frames that were not handled yet, and all further bytes."""
        self._discards = True
        self._unparsed, self._events = b"", None

    def lose(self) -> None:
        """The connection is lost. Breaks the reference cycle between the two directions, so that their memory is freed
        without the garbage collector."""
        self.discard()
        self._reader.end()
        self._outgoing = NO_OUTGOING

    def finish(self) -> None:
        """Either side has closed: call `dialect.closed` soon, and read on until the peer's close. Idempotent."""
        if self._over:
            return
        self._over = True
        loop = asyncio.get_running_loop()
        # Not now, because the caller may be the fan-out.
        loop.call_soon(self._close_dialect)
        if self.waits and self._work is None:
            loop.call_soon(self._resume)

    # Parsing

    def _process(self) -> None:
        """Handle parsed frames and parse the next slice, until no bytes are left, reading must pause, or the slice of this
        loop turn is used up."""
        parsed = handled = 0
        while True:
            while self._events:
                if self._work is not None:
                    self._wait()
                    return
                if self._crowded():
                    self._wait_while_crowded()
                    return
                if handled > SLICE:
                    self._process_later()
                    return
                event = self._events.popleft()
                handled += len(event if isinstance(event, bytes) else event.data)
                self._handle(event)
            if self.conn.parser_exc is not None:
                self._fail()
            if not self._unparsed or self._discards:
                break
            if parsed:
                # A read of a few hundred KB can hold tens of thousands of frames. Other connections get their turn first.
                self._process_later()
                return
            data, self._unparsed = self._unparsed[:SLICE], self._unparsed[SLICE:]
            parsed = len(data)
            self._parse(data)
        self._pause()

    def _process_later(self) -> None:
        self._wait()
        asyncio.get_running_loop().call_soon(self._resume)

    def _parse(self, data: bytes) -> None:
        events = self._reader.feed(data)
        # The answer to a close is written in its order; see `_handle`.
        if (
            self.conn.writes
            and self.conn.parser_exc is None
            and (self._outgoing.closed or self.conn.close_sent is None)
        ):
            self._respond()
        if len(events) == 1 and type(events[0]) is bytes and not self._events:
            self._handle(events[0])
        elif events and not self._is_flood(events):
            self._events = self._events or deque()
            self._events += events

    def _respond(self) -> None:
        """Write pongs, and the end when both sides have closed. Pongs are dropped while the peer does not read, so that they
        take no memory."""
        if self._outgoing.congested and self.conn.close_sent is None:
            self.conn.writes = []
        else:
            self._outgoing.respond()

    def _fail(self) -> None:
        """Close after a protocol violation. Reading goes on, because closing the socket with unread data would reset the
        connection, and the peer would not get the close frame."""
        self.discard()
        self._outgoing.respond()
        self._outgoing.end()
        if not self._transport.is_closing() and self._transport.can_write_eof():
            self._transport.write_eof()

    def _is_flood(self, events: list[bytes | Frame]) -> bool:
        """Count control frames and fragments, which the dialects never see. After a flood, closes and returns True."""
        unseen = sum(1 for event in events if isinstance(event, Frame) and not (event.fin and event.opcode in _DATA))
        if not unseen:
            return False
        now = asyncio.get_running_loop().time()
        if now - self._second >= 1.0:
            self._second, self._unseen = now, 0
        self._unseen += unseen
        if self._unseen <= CONTROL_FRAMES:
            return False
        self._close_flood()
        return True

    def _close_flood(self) -> None:
        self._outgoing.close(Close.RATE_LIMITED, "too many frames")
        self.discard()
        self._wait()

    # Handling

    def _handle(self, frame: bytes | Frame) -> None:
        """Handle a frame. A complete message goes to the dialect."""
        if self._outgoing.closed:
            return
        if isinstance(frame, bytes):
            self._message(Opcode.TEXT, frame)
            return
        opcode = frame.opcode
        if opcode is Opcode.CLOSE:
            # The answer follows the replies to earlier messages, and nothing may follow it (RFC 6455 §5.5.1).
            self._outgoing.respond()
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
                self._close_flood()

    def _message(self, opcode: Opcode, data: Any) -> None:
        assert self._dialect is not None
        try:
            content = data.decode() if opcode is Opcode.TEXT else bytes(data)
        except UnicodeDecodeError:
            self._outgoing.close(Close.INVALID_DATA, "not UTF-8")
            return
        self._do(self._dialect.receive, content)

    def _do(self, step: Callable[..., Rest | None], *arguments: str | bytes) -> None:
        """Run a step of the dialect. Its rest becomes a task; nothing is read until the task is done."""
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
            self._close_dialect()
        self._resume()

    def _failed(self, error: BaseException) -> None:
        log.error("connection failed", exc_info=error)
        self._outgoing.close(Close.INTERNAL, "internal")

    # Waiting

    def _crowded(self) -> bool:
        return self._dialect is not None and self._dialect.crowded and not self._outgoing.closed

    def _wait(self) -> None:
        if not self.waits:
            self.waits = True
            if not self._transport.is_closing():
                self._transport.pause_reading()

    def _resume(self) -> None:
        # A scheduled call may find a step still running; `_done` resumes then.
        if self._transport.is_closing() or self._work is not None:
            return
        self.waits = False
        self._process()
        if not self.waits and not self._transport.is_closing():
            self._transport.resume_reading()

    def _pause(self) -> None:
        """Pause reading if a step is running or the dialect is crowded."""
        if self._work is not None:
            self._wait()
        elif self._crowded():
            self._wait_while_crowded()

    def _wait_while_crowded(self) -> None:
        self._wait()
        loop = asyncio.get_running_loop()
        progress = Progress(self._outgoing.unsent(), loop.time())
        loop.call_later(CROWDED_SECONDS, self._check_crowded, progress)

    def _check_crowded(self, progress: Progress) -> None:
        loop = asyncio.get_running_loop()
        if not self._crowded():
            self._resume()
        elif progress.stalled(self._outgoing.unsent(), loop.time()):
            self._outgoing.abort()
        else:
            loop.call_later(CROWDED_SECONDS, self._check_crowded, progress)

    def _close_dialect(self) -> None:
        if self._work is None and self._dialect is not None:
            dialect, self._dialect = self._dialect, None
            dialect.closed()
