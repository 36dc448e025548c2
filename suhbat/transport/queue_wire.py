"""The wire under any ASGI server: an outbox that one task empties through `send`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from suhbat.hub.frames import Frames
from suhbat.protocol.closes import Close

HIGH_WATER = 64 * 1024
"""Unsent bytes above which the connection is congested."""
LOW_WATER = 16 * 1024
"""Unsent bytes below which it no longer is."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


class QueueWire:
    """Implements `hub.connection.Wire`. ASGI has no ping and no abort; to abort, `drain` ends."""

    def __init__(self) -> None:
        self.closed = False
        self.congested = False
        self.closing: tuple[Close, str] | None = None
        """The close that this side has requested; None if the peer closed, or nobody did."""
        self._outbox: deque[Frames] = deque()
        self._size = 0
        self._gone = False
        self._confirm: Callable[[], None] | None = None
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def write(self, frames: Frames) -> None:
        self._outbox.append(frames)
        self._size += frames.size
        if self._size > HIGH_WATER:
            self.congested = True
            self._drained.clear()
        self._wake.set()

    def reply(self, payload: bytes) -> None:
        if not self.closed:
            self.write(Frames([payload]))

    def unsent(self) -> int:
        return self._size

    async def drained(self) -> None:
        await self._drained.wait()

    def close(self, code: Close, reason: str = "") -> None:
        if not self.closed:
            self.closing = (code, reason)
            self._end()

    def abort(self) -> None:
        self._gone = True
        self._end()

    def confirm(self, done: Callable[[], None]) -> None:
        self._confirm = done
        self._wake.set()

    def probe(self, patience: float) -> None:
        """Does nothing, because ASGI has no ping. Some servers notice dead peers by themselves."""

    def finish(self) -> None:
        """End the wire after the peer has gone, or after `close`, whose frames `drain` still sends."""
        self._gone = self.closing is None
        self._end()

    def _end(self) -> None:
        self.closed = True
        self._wake.set()
        self._drained.set()

    async def drain(self, send: Send) -> None:
        """Send frames from the outbox until the wire ends. Only one task may run it and call `send`. It does not send the
        close: the caller does, from `closing`."""
        while not self._gone:
            self._wake.clear()
            while self._outbox and not self._gone:
                frames = self._outbox.popleft()
                for payload in frames.payloads:
                    await send({"type": "websocket.send", "text": payload.decode()})
                    self._size -= len(payload)
                if self._size < LOW_WATER and self.congested:
                    self.congested = False
                    self._drained.set()
            if self._confirm is not None and not self._gone:
                done, self._confirm = self._confirm, None
                done()
            if self.closing is not None and not self._outbox:
                return
            await self._wake.wait()
