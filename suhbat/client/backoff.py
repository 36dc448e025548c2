"""How long to wait before reconnecting: full jitter, doubling from 0.5 s to 20 s (docs/reference/close-codes.md). Pure."""

from __future__ import annotations

from collections.abc import Callable

FIRST_SECONDS = 0.5
MOST_SECONDS = 20.0


class Backoff:
    """The waits of one chat. `uniform(a, b)` gives a random number between a and b."""

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        self._uniform = uniform
        self._most = FIRST_SECONDS

    def next(self) -> float:
        """Seconds to wait now. The upper limit doubles with each call, up to MOST_SECONDS."""
        most, self._most = self._most, min(self._most * 2, MOST_SECONDS)
        return self._uniform(0.0, most)

    def reset(self) -> None:
        """A connection worked: the next wait is short again."""
        self._most = FIRST_SECONDS
