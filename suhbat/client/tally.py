"""Which messages an unread count has in it already, and which deletions. Pure.

A message and the news that one has read so far are in two logs, and there is no order between those: either may be told
first, live or in a replay. So the mark says what it counted, and this remembers what came above that.
"""

from __future__ import annotations

from collections import deque

from suhbat.protocol.events import MessageDeleted, ReadMarked

KEPT = 10_000
"""Messages and deletions remembered of one conversation; more do not come between a mark and the news of it."""


class Tally:
    """Of one conversation, from a state that counted the messages up to the ordinal `counted`, and the deletions up to the
    `seq` `head`."""

    def __init__(self, counted: int, head: int = 0) -> None:
        self._counted = counted
        self._head = head
        self._above: deque[int] = deque(maxlen=KEPT)
        self._deleted: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def is_new(self, ordinal: int) -> bool:
        """Whether somebody else's message, which was told now, must be added to the count."""
        if ordinal <= self._counted:
            return False
        self._above.append(ordinal)
        return True

    def is_gone(self, event: MessageDeleted, read_ordinal: int) -> bool:
        """Whether the deletion of somebody else's message, which was told now, must be taken off the count."""
        ordinal = event.ordinal or 0
        self._deleted.append((event.seq, ordinal))
        if ordinal in self._above:
            self._above.remove(ordinal)
            return ordinal > read_ordinal
        return read_ordinal < ordinal <= self._counted and event.seq > self._head

    def marked(self, event: ReadMarked) -> int:
        """What is unread after this mark."""
        self._counted = max(self._counted, event.last_ordinal)
        self._head = max(self._head, event.head)
        while self._above and self._above[0] <= event.last_ordinal:
            self._above.popleft()
        while self._deleted and self._deleted[0][0] <= event.head:
            self._deleted.popleft()
        since = sum(event.ordinal < ordinal <= event.last_ordinal for _, ordinal in self._deleted)
        return max(0, event.unread + len(self._above) - since)
