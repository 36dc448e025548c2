"""How long to wait before coming back: full jitter, from 0.5 s doubling to 20 s (PROTOCOL §3). Pure."""

from __future__ import annotations

from collections.abc import Callable

FIRST_SECONDS = 0.5
MOST_SECONDS = 20.0


class Backoff:
    """`uniform`: a random number between two others."""

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        self._uniform = uniform
        self._most = FIRST_SECONDS

    def next(self) -> float:
        """Seconds to wait now; the next time it may be twice as long."""
        most, self._most = self._most, min(self._most * 2, MOST_SECONDS)
        return self._uniform(0.0, most)

    def reset(self) -> None:
        """All is well again."""
        self._most = FIRST_SECONDS
