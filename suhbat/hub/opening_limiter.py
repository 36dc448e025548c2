"""When thousands come back at once: openings are admitted at the rate they can be served, the others wait or come later."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from suhbat.errors import Busy

AT_ONCE = 256
"""Openings under way: each waits for reads of the store, and in a storm for the turns of a loop that has much to do."""
LONGEST_SECONDS = 15.0
"""Nobody is let into a line in which they would wait longer."""
FASTEST, SLOWEST = 0.0005, 0.0015
"""Seconds that one is believed to take: so 10,000 are let in at once, whatever the first moments of a storm look like."""
AWAY_SECONDS = 20.0
"""The longest time that anybody is told to stay away."""


class OpeningLimiter:
    """`async with limiter.turn():` around an opening. Raises Busy with `retry_after` when the line is too long."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._sent_away = 0
        self._seconds_each = 0.001
        self._last = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        if self._waiting * self._seconds_each >= LONGEST_SECONDS:
            raise self._busy()
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()
            self._measure()

    def _busy(self) -> Busy:
        """Come back when those before you are through: the line, and those who were sent away before you."""
        self._sent_away += 1
        wait = min((self._waiting + self._sent_away) * self._seconds_each, AWAY_SECONDS)
        scattered = random.uniform(0.8, 1.2)  # noqa: S311 (so that they do not come back at once)  # nosec B311
        return Busy(retry_after=wait * scattered)

    def _measure(self) -> None:
        """How long one takes while there is a line: a moving average over about a hundred."""
        now = asyncio.get_running_loop().time()
        if self._waiting:
            self._seconds_each += (now - self._last - self._seconds_each) * 0.01
            self._seconds_each = min(max(self._seconds_each, FASTEST), SLOWEST)
        if self._waiting * self._seconds_each < LONGEST_SECONDS / 2:
            self._sent_away = 0  # they may come
        self._last = now
