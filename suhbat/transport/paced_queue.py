"""A queue of work that may be delayed: each turn of the event loop does a little of it, so that the loop keeps accepting."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

import structlog

log = structlog.get_logger("suhbat.transport")

TURN_SECONDS = 0.005


class PacedQueue:
    """Runs steps in order, for at most TURN_SECONDS in each turn of the loop.

    Thousands of handshakes in one turn would keep the loop from accepting for most of a second. The kernel's accept queue
    would overflow, and a client whose SYN is dropped tries again only after 1, 3, 7 seconds (RFC 6298).
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._steps: deque[Callable[[], None]] = deque()
        self._scheduled = False

    def run(self, step: Callable[[], None]) -> None:
        """Run `step` in a later turn. If it raises, the error is logged and the next step runs."""
        self._steps.append(step)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        limit = self._now() + TURN_SECONDS
        while self._steps and self._now() <= limit:
            step = self._steps.popleft()
            try:
                step()
            except Exception:
                log.exception("paced queue: step failed")
        self._scheduled = bool(self._steps)
        if self._scheduled:
            asyncio.get_running_loop().call_soon(self._turn)
