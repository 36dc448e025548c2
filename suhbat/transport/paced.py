"""Work that may wait its turn: so much of it in each turn of the loop, so that the loop comes round often enough."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

import structlog

log = structlog.get_logger("suhbat.transport")

TURN_SECONDS = 0.005


class Paced:
    """Runs steps in their order, for at most 5 ms a turn.

    Thousands of handshakes in one turn would keep the loop from accepting for most of a second: the queue of new
    connections runs over, and whoever is dropped there tries again only after 1, 3, 7 seconds (TCP, RFC 6298).
    """

    def __init__(self) -> None:
        self._steps: deque[Callable[[], None]] = deque()
        self._scheduled = False

    def run(self, step: Callable[[], None]) -> None:
        """`step` is run soon, not now; one that fails is logged, and keeps nobody from their turn."""
        self._steps.append(step)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        limit = time.monotonic() + TURN_SECONDS
        while self._steps and time.monotonic() <= limit:
            step = self._steps.popleft()
            try:
                step()
            except Exception:
                log.exception("a step failed")
        self._scheduled = bool(self._steps)
        if self._scheduled:
            asyncio.get_running_loop().call_soon(self._turn)
