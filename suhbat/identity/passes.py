"""One-time passes of a server that is a single process; see `chat.ports.Passes`."""

from __future__ import annotations

from suhbat.chat.ports import Clock
from suhbat.errors import Busy

MAX_PASSES = 100_000
"""Valid passes at a time."""


class MemoryPasses:
    """Implements chat.ports.Passes in memory: a restart voids all passes. All passes of one object must be valid equally long,
    so that the first to be added is the first to expire. `put_pass` raises Busy above MAX_PASSES."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._valid: dict[bytes, tuple[str, float]] = {}

    async def put_pass(self, hash: bytes, body: str, seconds: int) -> None:
        now = self._clock.steady()
        while self._valid and (oldest := next(iter(self._valid.items())))[1][1] <= now:
            del self._valid[oldest[0]]
        if len(self._valid) >= MAX_PASSES:
            raise Busy(retry_after=1.0, seconds=1)
        self._valid[hash] = body, now + seconds

    async def take_pass(self, hash: bytes) -> str | None:
        body, until = self._valid.pop(hash, (None, 0.0))
        return body if until > self._clock.steady() else None
