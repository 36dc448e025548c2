"""The opening limiter: when thousands of clients reconnect at once, it admits openings at the rate they can be served."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from suhbat.errors import Busy

AT_ONCE = 256
"""Openings in progress at the same time. Each waits for reads of the store and for turns of a busy event loop."""
LONGEST_SECONDS = 15.0
"""An opening that would wait longer than this is refused."""
FASTEST, SLOWEST = 0.0005, 0.0015
"""Bounds of the estimated seconds for each opening. So 10,000 may wait at once, whatever the first measurements are."""
AWAY_SECONDS = 20.0
"""The largest `retry_after`."""


class OpeningLimiter:
    """Limits concurrent openings: `async with limiter.turn():` around each. Used on the event loop only."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._refused = 0
        self._seconds_each = 0.001
        self._last = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it. Raises Busy with `retry_after` when the queue is too long."""
        if self._waiting * self._seconds_each >= LONGEST_SECONDS:
            raise self._busy()
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()
            self._measure()

    def _busy(self) -> Busy:
        """A refusal until those who wait, and those who were refused before, have been served."""
        self._refused += 1
        wait = min((self._waiting + self._refused) * self._seconds_each, AWAY_SECONDS)
        scattered = random.uniform(0.8, 1.2)  # noqa: S311 (spreads the retries; not a secret)  # nosec B311
        return Busy(retry_after=wait * scattered)

    def _measure(self) -> None:
        """Update the estimate of the seconds for each opening: a moving average over about a hundred, while some wait."""
        now = asyncio.get_running_loop().time()
        if self._waiting:
            self._seconds_each += (now - self._last - self._seconds_each) * 0.01
            self._seconds_each = min(max(self._seconds_each, FASTEST), SLOWEST)
        if self._waiting * self._seconds_each < LONGEST_SECONDS / 2:
            self._refused = 0  # there is room for all of them
        self._last = now
