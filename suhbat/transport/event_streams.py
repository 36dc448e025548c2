"""Event streams: v1 over HTTP, for clients whose WebSockets are blocked (docs/reference/event-stream.md).

A stream is a connection of the hub like any other, with the same limits, feeds for slow readers, presence and end. Its frames
leave through one long response (`text/event-stream`), or through one response after the other (long polls).
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any

from suhbat.chat.rate import LruDict
from suhbat.errors import Busy, RateLimited
from suhbat.identity.address import metered
from suhbat.identity.user_directory import Login
from suhbat.protocol.closes import Close
from suhbat.protocol.commands import Resume
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.stream_cursor import StreamCursor, cursor_of
from suhbat.protocol.types import ME
from suhbat.services import Services

from .admission import STARTING_SECONDS, Admission, Request
from .command_dialect import CommandDialect, Executed
from .event_wire import EventWire
from .stream_dialect import StreamDialect
from .upgrade import Upgrade

Scope = MutableMapping[str, Any]

BEAT_SECONDS = 15.0
"""How often a silent stream gets a comment: proxies close silent responses, and clients take silence for a dead connection."""
COMES_BACK_MS = (500, 3_000)
"""The time after which an EventSource reconnects is between these, so that not all do it at once."""
LINGER_SECONDS = 10.0
"""How long a polled stream waits for the next poll. Until then its user is online, and nothing has to be read again."""
GATHER_SECONDS = 0.05
"""How long a poll waits for more after the first frame. A busy conversation would otherwise cost a request a message."""
LOOK_SECONDS = 1.0
"""How often is asked whether the server is about to stop."""
BEAT = b":\n\n"


class OpenStream:
    """One stream. It ends with `end`, whatever happened."""

    def __init__(self, services: Services, upgrade: Upgrade, ended: Callable[[OpenStream], None]) -> None:
        self._services = services
        self._ended = ended
        self._is_new = True
        self._is_over = False
        self.address = upgrade.address
        self.key = ""
        """Of a polled stream: says in a cursor which one it is."""
        self.cursor = ""
        """Of a polled stream: the last one that was given out."""
        self.expiry: asyncio.TimerHandle | None = None
        self.wire = EventWire(self.end)
        self.dialect = StreamDialect(services, self.wire, upgrade)

    async def next(self) -> bytes | None:
        """The next bytes of the response: events, or a comment after BEAT_SECONDS without any. None after the last ones."""
        if self._is_new:
            self._is_new = False
            wait = random.randint(*COMES_BACK_MS)  # noqa: S311 (spreads the reconnections; not a secret)  # nosec B311
            return b"retry: %d\n\n" % wait
        if not await self.wire.wait(BEAT_SECONDS):
            return BEAT
        frames = self.wire.take()
        if not frames:
            closing, self.wire.closing = self.wire.closing, None
            if closing is None:
                return None
            return b'event: close\ndata: {"code":%d,"reason":"%b"}\n\n' % (closing[0], closing[1].encode())
        position = self._position()
        *others, last = (b"data: %b\n\n" % frame for frame in frames)
        return b"".join(others) + (b"" if position is None else b"id: %b\n" % position.encode()) + last

    async def poll(self, seconds: float) -> None:
        """Wait until there is something to give to a poll."""
        if await self.wire.wait(seconds) and not self.wire.closed and self.dialect.has_opened:
            await asyncio.sleep(GATHER_SECONDS)

    def take(self) -> tuple[list[bytes], str]:
        """The frames for a poll, and the cursor for the next one."""
        frames = self.wire.take()
        self.cursor = self._position() or cursor_of("", "", (), self.key)
        self.wire.sent()
        return frames, self.cursor

    def end(self) -> None:
        """Idempotent."""
        if self._is_over:
            return
        self._is_over = True
        self.wire.finish()
        self.dialect.closed()
        self._ended(self)

    def _position(self) -> str | None:
        """The cursor for what was written until now. None before `caught_up`: the client would miss the rest of the opening."""
        connection = self.dialect.connection
        if connection is None or not self.dialect.has_opened:
            return None
        own = own_log(connection.actor.uid)
        position = self._services.hub.recent_position(connection, own)
        logs = ((ME if log == own else log, seq) for log, seq in position)
        return cursor_of(self._services.store.epoch, connection.actor.uid, logs, self.key)


class EventStreams:
    """All of this process. `stopping`: whether the server is about to stop; it waits for open responses then."""

    def __init__(self, admission: Admission, stopping: Callable[[], bool] = lambda: False) -> None:
        self._admission = admission
        self._stopping = stopping
        self._open: set[OpenStream] = set()
        self._parked: dict[str, OpenStream] = {}
        self._look: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._typed: LruDict[dict[str, float]] = LruDict(dict)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[OpenStream]:
        return iter(self._open)

    async def open(self, scope: Scope, resume: Resume | None) -> OpenStream:
        """Open a stream that goes on where `resume` says, or from a snapshot. It was welcomed on return.

        Raises Unauthenticated, Forbidden, RateLimited, Busy, Internal.
        """
        if self._is_closed:
            raise Busy(retry_after=STARTING_SECONDS, seconds=STARTING_SECONDS)
        services, upgrade = self._admission.admit_stream(_request(scope))
        stream = OpenStream(services, upgrade, self._forget)
        self._open.add(stream)
        self._watch()
        try:
            await stream.dialect.begin(resume)
        except BaseException:
            stream.end()
            raise
        return stream

    async def poll(
        self, scope: Scope, cursor: StreamCursor, given: str, seconds: float, gone: Callable[[], Awaitable[None]]
    ) -> tuple[list[bytes], str, tuple[Close, str] | None]:
        """The frames after the cursor, as soon as there are any, at most after some seconds; the cursor for the next poll; how
        the stream was closed, or None. `given`: the text of the cursor. `gone` returns when the client has gone.

        Raises the same as `open`.
        """
        stream = await self._resumed(_request(scope), cursor.poll, given)
        if stream is None:
            stream = await self.open(scope, cursor.resume)
            stream.key = secrets.token_urlsafe(16)
        waiting = asyncio.ensure_future(stream.poll(seconds))
        leaving = asyncio.ensure_future(gone())
        try:
            await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, leaving):
                task.cancel()
            await asyncio.gather(waiting, leaving, return_exceptions=True)
            self._park(stream)
        frames, after = ([], given) if leaving.done() and not leaving.cancelled() else stream.take()
        closing = stream.wire.closing
        return frames, after, closing

    async def execute(self, scope: Scope, login: Login, commands: Sequence[str]) -> Executed:
        """Carry out encoded commands. Refusals of single commands are among the replies. Raises Busy."""
        services = self._admission.services()
        uid = login.actor.uid
        upgrade = self._admission.upgrade(_request(scope))
        return await CommandDialect(services, upgrade, login, self._typed[uid]).run(commands)

    def close(self) -> None:
        """The server stops: close all streams, and accept no more."""
        self._is_closed = True
        for stream in list(self._open):
            stream.wire.close(Close.RESTART, "restart")

    async def _resumed(self, request: Request, key: str, given: str) -> OpenStream | None:
        """The stream that waits for this poll, if the client got everything until then. Raises as `open`; it waits on."""
        stream = self._parked.get(key)
        if stream is None or given != stream.cursor:
            return None
        upgrade = self._admission.upgrade(request)
        # The cursor is no proof: in a URL, it is in the log of every proxy.
        login = await stream.dialect.login_of(upgrade)
        if self._parked.get(key) is not stream or stream.wire.closed or not stream.dialect.is_of(login):
            return None
        services = self._admission.services()
        meter = services.limits.rates.meter(login.actor.uid, metered(upgrade.address))
        if wait := meter.take(services.clock.steady()):
            raise RateLimited(retry_after=wait)
        del self._parked[key]
        if stream.expiry is not None:
            stream.expiry.cancel()
        return stream

    def _park(self, stream: OpenStream) -> None:
        if stream.wire.closed:
            return
        self._parked[stream.key] = stream
        stream.expiry = asyncio.get_running_loop().call_later(LINGER_SECONDS, stream.end)

    def _forget(self, stream: OpenStream) -> None:
        self._open.discard(stream)
        self._parked.pop(stream.key, None)
        if stream.expiry is not None:
            stream.expiry.cancel()
        self._admission.leave_stream(stream.address)

    def _watch(self) -> None:
        if self._look is None and self._open:
            self._look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._looked)

    def _looked(self) -> None:
        self._look = None
        if self._stopping():
            self.close()
        self._watch()


def _request(scope: Scope) -> Request:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return Request(path, scope["query_string"], headers, scope["client"][0] if scope.get("client") else None)
