"""Work that may wait its turn: so much of it in each turn of the loop, so that the loop comes round often enough."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

TURN_SECONDS = 0.005


class Paced:
    """Runs steps in their order, for at most 5 ms a turn.

    Thousands of handshakes in one turn would keep the loop from accepting for most of a second: the queue of new
    connections runs over, and whoever is dropped there tries again only after 1, 3, 7 seconds (TCP, RFC 6298).
    """

    def __init__(self) -> None:
        self._steps: deque[Callable[[], None]] = deque()

    def run(self, step: Callable[[], None]) -> None:
        """`step` must not raise; it is run soon, not now."""
        if not self._steps:
            asyncio.get_running_loop().call_soon(self._turn)
        self._steps.append(step)

    def _turn(self) -> None:
        limit = time.monotonic() + TURN_SECONDS
        while self._steps:
            self._steps[0]()
            self._steps.popleft()
            if self._steps and time.monotonic() > limit:
                asyncio.get_running_loop().call_soon(self._turn)
                return
