"""The wire of an event stream: an outbox that the response, or a poll, takes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from .queue_wire import LOW_WATER, QueueWire


class EventWire(QueueWire):
    """`ended` is called once, soon after either side has closed."""

    def __init__(self, ended: Callable[[], None]) -> None:
        super().__init__()
        self._ended = ended
        self._taken = 0

    async def wait(self, seconds: float) -> bool:
        """Wait until there are frames, or the wire has ended. False if the time was over before."""
        self.sent()
        if not self._outbox and not self.closed:
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
        return bool(self._outbox) or self.closed

    def take(self) -> list[bytes]:
        """All frames that wait. They count as unsent until `sent`, or the next `wait`."""
        self.sent()
        taken = [payload for frames in self._outbox for payload in frames.payloads]
        self._outbox.clear()
        self._taken = self._size
        return taken

    def sent(self) -> None:
        """The socket has what was taken."""
        self._size -= self._taken
        self._taken = 0
        if self.congested and self._size < LOW_WATER:
            self.congested = False
            self._drained.set()

    def _end(self) -> None:
        if not self.closed:
            asyncio.get_running_loop().call_soon(self._ended)
        super()._end()
