"""WebSockets whose client has not sent `hello` yet: only a part of all connections may be in this state."""

from __future__ import annotations

from typing import Protocol

from suhbat.errors import Busy

PART = 4
"""At most one of this many connections may be unidentified."""
RETRY_SECONDS = 5.0
"""The `retry_after` of a client that was turned away."""


class Unidentified(Protocol):
    def turn_away(self, error: Busy) -> None:
        """Send the error and close."""
        ...


class UnidentifiedConnections:
    """`connections`: the setting of that name; with 0 there is no limit."""

    def __init__(self, connections: int) -> None:
        self._limit = max(1, connections // PART) if connections else 0
        self._waiting: dict[Unidentified, None] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, connection: Unidentified) -> None:
        """Count one more. Above the limit the oldest is turned away: an honest client sends `hello` at once, so the oldest
        is the least likely to be one."""
        self._waiting[connection] = None
        if self._limit and len(self._waiting) > self._limit:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.turn_away(Busy(retry_after=RETRY_SECONDS, seconds=RETRY_SECONDS))

    def discard(self, connection: Unidentified) -> None:
        """The client has sent `hello`, or the connection is closed. Idempotent."""
        self._waiting.pop(connection, None)
