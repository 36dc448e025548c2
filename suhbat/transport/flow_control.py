"""Flow control of the incoming side: a crowded connection is not read from, and a peer that takes no bytes meanwhile is
aborted. `hub.feed` brings the outgoing side of a slow reader up to date."""

from __future__ import annotations

from suhbat.hub.connection import STALL_SECONDS

CROWDED_SECONDS = 0.02
"""How often a crowded connection is checked. It is polled, because this is rare and a wake-up would cost every message."""


class Progress:
    """Whether a peer takes the bytes that are unsent. Times are in seconds of one steady clock."""

    __slots__ = ("_since", "_unsent")

    def __init__(self, unsent: int, now: float) -> None:
        self._unsent = unsent
        self._since = now

    def stalled(self, unsent: int, now: float) -> bool:
        """Whether the unsent bytes have not become fewer for longer than STALL_SECONDS."""
        if unsent < self._unsent:
            self._unsent, self._since = unsent, now
        return now - self._since > STALL_SECONDS
