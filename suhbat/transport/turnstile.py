"""When thousands come back at once: as many are let in as can be served, some stand in line, the others come later."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from suhbat.errors import Busy

AT_ONCE = 16
"""Openings under way: each waits for a read of the store most of the time."""
LINE = 1_000
"""Connections that wait for their turn; at 1 ms each it comes within a second."""
LEAST_SECONDS = 0.5


class Turnstile:
    """`async with turnstile.turn():` around an opening. Raises Busy with `retry_after` when the line is full."""

    def __init__(self, at_once: int = AT_ONCE, line: int = LINE) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._line = line
        self._waiting = 0
        self._refused = 0
        self._seconds_each = 0.001
        self._last = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        if self._waiting >= self._line:
            raise self._busy()
        if not self._waiting:
            self._refused = 0
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
        """Come back when those before you are through: the line, and those who were told the same."""
        self._refused += 1
        seconds = max(LEAST_SECONDS, (self._line + self._refused) * self._seconds_each) * random.uniform(1.0, 1.5)  # noqa: S311
        return Busy(retry_after=seconds, seconds=f"{seconds:.1f}")

    def _measure(self) -> None:
        """How long one takes while there is a line: a moving average over about fifty."""
        now = asyncio.get_running_loop().time()
        if self._waiting:
            self._seconds_each += (min(now - self._last, 1.0) - self._seconds_each) * 0.02
        self._last = now
