"""Which messages an unread count has in it already, and which deletions. Pure.

A message and the news that one has read so far are in two logs, and there is no order between those: either may be told
first, live or in a replay. So the mark says what it counted, and this remembers what came above that.
"""

from __future__ import annotations

from collections import deque

from suhbat.protocol.events import Mentioned, MessageCreated, MessageDeleted, MessageEdited, ReadMarked

KEPT = 10_000
"""Messages and deletions remembered of one conversation; more do not come between a mark and the news of it."""


class Tally:
    """Of one conversation, from a state that counted the messages up to the ordinal `counted`, and the deletions up to the
    `seq` `head`."""

    def __init__(self, counted: int, head: int = 0) -> None:
        self.named = Named(head)
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


class Named:
    """Which messages that name everybody a count of mentions has in it already. `head`: that of the state it began with.

    One's own log gives the whole count, up to an event of the conversation; the conversation's own events change it.
    """

    def __init__(self, head: int) -> None:
        self._began = self._counted = head
        self._above: deque[tuple[int, int, int]] = deque(maxlen=KEPT)

    def changed(self, event: MessageCreated | MessageEdited | MessageDeleted, uid: str, read_ordinal: int) -> int:
        """What this event, of whose log it is the next, adds to the count of `uid`, who has read up to there."""
        if not event.everyone or event.seq <= self._counted:
            return 0
        if isinstance(event, MessageDeleted):
            ordinal, sender = event.ordinal, event.sender_uid
        else:
            ordinal, sender = event.message.ordinal, event.message.sender_uid
        if ordinal is None or sender == uid:
            return 0
        self._above.append((event.seq, ordinal, event.everyone))
        return event.everyone if ordinal > read_ordinal else 0

    def told(self, event: ReadMarked | Mentioned, mentions: int, read_ordinal: int) -> int:
        """The count after the whole one of this event; `mentions`: that of before."""
        if event.head and event.head < self._began:
            return mentions  # the state is newer
        self._counted = max(self._counted, event.head)
        while self._above and self._above[0][0] <= self._counted:
            self._above.popleft()
        return max(0, event.mentions + sum(by for _, ordinal, by in self._above if ordinal > read_ordinal))
