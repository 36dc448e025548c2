"""Coalescing: what one turn of the loop gathered is written in one go, or a little later if that saves everybody a write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

CHEAP_SECONDS = 0.0003
"""A round of writes that takes less is not worth waiting for."""
LONGEST_SECONDS = 0.02


class Coalescing:
    """Calls `write` once for all `ask`s of a turn.

    A write to a thousand sockets costs the same system calls for one message as for a hundred. So while `more_coming` says
    that more messages are about to be told, it waits for them: at most as long as the last round took, which at worst
    doubles the time that a message takes, and far more often divides it. A lone message waits for nobody.
    """

    def __init__(self, write: Callable[[], None], more_coming: Callable[[], bool]) -> None:
        self._write = write
        self._more_coming = more_coming
        self._cost = 0.0
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None

    def schedule(self) -> None:
        """Write at the end of this turn, or a little later."""
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn_ends)

    def flush(self) -> None:
        """Write what there is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._scheduled = False
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._write()
        self._cost = loop.time() - began

    def _turn_ends(self) -> None:
        if not self._scheduled:
            return  # written meanwhile
        if self._cost < CHEAP_SECONDS or not self._more_coming():
            self.flush()
            return
        self._scheduled = False
        if self._timer is None:
            wait = min(self._cost, LONGEST_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)
