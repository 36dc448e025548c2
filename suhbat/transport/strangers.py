"""WebSockets that have not said hello: of all that may be open only so many are theirs, the newest."""

from __future__ import annotations

from typing import Protocol

from suhbat.errors import Busy

PART = 4
"""One in so many of all connections may be a stranger's."""
AGAIN_SECONDS = 5.0


class Stranger(Protocol):
    def turn_away(self, error: Busy) -> None:
        """Tell them, and close."""
        ...


class Strangers:
    """`connections`: the setting, 0 for no limit."""

    def __init__(self, connections: int) -> None:
        self._most = max(1, connections // PART) if connections else 0
        self._waiting: dict[Stranger, None] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def came(self, stranger: Stranger) -> None:
        """One more. Whoever has been silent longest goes where there are too many: an honest client says hello at once."""
        self._waiting[stranger] = None
        if self._most and len(self._waiting) > self._most:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.turn_away(Busy(retry_after=AGAIN_SECONDS, seconds=AGAIN_SECONDS))

    def known(self, stranger: Stranger) -> None:
        """They have said hello, or are gone. Idempotent."""
        self._waiting.pop(stranger, None)
