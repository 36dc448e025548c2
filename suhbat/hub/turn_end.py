"""Calls at the end of a turn of the event loop: what a turn has gathered is written then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

log = structlog.get_logger("suhbat.hub")


class TurnEnd:
    """Makes calls at the end of this turn of the loop, in the order in which they were added.

    After `hold` they are made by `run`, which must be called before this turn ends. So the frames and replies of a batch go
    out right after it was published. A lone message would otherwise need a further turn, and a handle for each call.
    """

    __slots__ = ("_calls", "_is_held")

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []
        self._is_held = False

    def add(self, call: Callable[[], None]) -> None:
        if not self._calls and not self._is_held:
            asyncio.get_running_loop().call_soon(self.run)
        self._calls.append(call)

    def hold(self) -> None:
        """Let the calls wait for `run`."""
        self._is_held = True

    def run(self) -> None:
        """Make the calls that wait. One that raises does not keep the others from being made."""
        self._is_held = False
        calls, self._calls = self._calls, []
        for call in calls:
            try:
                call()
            except Exception:
                log.exception("hub: not written at the end of the turn")
