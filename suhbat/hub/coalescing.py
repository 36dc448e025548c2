"""Coalescing: frames of one loop turn go out in one write per connection; under load, frames of several turns do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .turn_end import TurnEnd

CHEAP_SECONDS = 0.0003
"""After a round of writes that took less than this, the next round is not delayed."""
LONGEST_SECONDS = 0.02
"""The longest delay of a round."""


class Coalescing:
    """Calls `write` once for all `schedule` calls of a loop turn.

    A write to a thousand sockets costs the same system calls for one message as for a hundred. So while `more_coming`
    returns True, the round is delayed by the duration of the last one. At worst this doubles a message's latency; under
    load it usually lowers it several times. A single message is not delayed.
    """

    def __init__(self, write: Callable[[], None], more_coming: Callable[[], bool], turn_end: TurnEnd) -> None:
        self._write = write
        self._more_coming = more_coming
        self._turn_end = turn_end
        self._cost = 0.0
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None

    def schedule(self) -> None:
        """Write at the end of this loop turn, or a little later."""
        if not self._scheduled:
            self._scheduled = True
            self._turn_end.add(self._turn_ends)

    def flush(self) -> None:
        """Write now, and cancel what was scheduled."""
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
            return  # `flush` was called since
        if self._cost < CHEAP_SECONDS or not self._more_coming():
            self.flush()
            return
        self._scheduled = False
        if self._timer is None:
            wait = min(self._cost, LONGEST_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)
