"""Which messages an unread count has in it already. Pure.

A message and the news that one has read so far are in two logs, and there is no order between those: either may be told
first, live or in a replay. So the mark says up to which message it counted, and this remembers what came above that.
"""

from __future__ import annotations

from collections import deque

from suhbat.protocol.events import ReadMarked

KEPT = 10_000
"""Messages remembered of one conversation; more do not come between a mark and the news of it."""


class Tally:
    """Of one conversation, from a state on whose last message was `counted`."""

    def __init__(self, counted: int) -> None:
        self._counted = counted
        self._above: deque[int] = deque(maxlen=KEPT)

    def is_new(self, ordinal: int) -> bool:
        """Whether somebody else's message, which was told now, must be added to the count."""
        if ordinal <= self._counted:
            return False
        self._above.append(ordinal)
        return True

    def marked(self, event: ReadMarked) -> int:
        """What is unread after this mark."""
        self._counted = max(self._counted, event.last_ordinal)
        while self._above and self._above[0] <= event.last_ordinal:
            self._above.popleft()
        return event.unread + len(self._above)
