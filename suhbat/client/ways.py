"""Which way to the server is taken: a WebSocket, or HTTP where sockets are blocked; and when a socket is tried again. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

FIRST_TRIAL_SECONDS = 5.0
"""The pause before a WebSocket is tried again. It doubles until the longest."""
LAST_TRIAL_SECONDS = 600.0


class Way(Enum):
    SOCKET = "socket"
    STREAM = "stream"
    POLLS = "polls"


class Ways:
    """`way`: the one to take now. `uniform`: a random number between two."""

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        self.way = Way.SOCKET
        self._uniform = uniform
        self._trial = FIRST_TRIAL_SECONDS

    def blocked(self) -> None:
        """A socket could not be opened, although the server's machine answers."""
        self.way = Way.STREAM

    def ended(self, *, welcomed: bool, silent: bool, named: bool) -> None:
        """A connection has ended. `welcomed`: it had begun; `silent`: nothing came for too long; `named`: the server
        gave the reason."""
        if self.way is Way.SOCKET:
            if silent and not welcomed:
                self.way = Way.STREAM
            elif welcomed:
                self._trial = FIRST_TRIAL_SECONDS
        elif self.way is Way.STREAM and silent:
            self.way = Way.POLLS
        elif not welcomed and not named:
            self.way = Way.SOCKET

    def works_again(self) -> None:
        """A socket could be opened beside the present connection."""
        self.way = Way.SOCKET

    def next_trial(self) -> float:
        """Seconds until a socket should be tried."""
        wait = self._trial * self._uniform(0.75, 1.25)
        self._trial = min(self._trial * 2, LAST_TRIAL_SECONDS)
        return wait
