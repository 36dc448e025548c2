"""Which messages and deletions an unread count already contains. Pure.

Messages are in the conversation's log and read marks in the user's own log, and the two logs have no common order: either
event may come first, live or in a replay. So a read mark says up to where it counted, and a tally remembers what came after.
"""

from __future__ import annotations

from collections import deque

from suhbat.protocol.events import Mentioned, MessageCreated, MessageDeleted, MessageEdited, MessageFinished, ReadMarked

from .threads import ThreadTally

KEPT = 10_000
"""Messages and deletions remembered for one conversation. More do not come between a read mark and its event."""


class Tally:
    """The tally of one conversation. It starts from a state that counted messages up to the ordinal `counted` and deletions up
    to the `seq` `head`."""

    def __init__(self, counted: int, head: int = 0) -> None:
        self.named = Named(head)
        self.threads = ThreadTally(head)
        self._counted = counted
        self._head = head
        self._above: deque[int] = deque(maxlen=KEPT)
        self._deleted: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def is_newer(self, event: ReadMarked) -> bool:
        """Whether the state from which the tally started is newer than this mark."""
        return self.named.is_newer(event)

    def is_new(self, ordinal: int) -> bool:
        """Whether this new message of somebody else must be added to the count."""
        if ordinal <= self._counted:
            return False
        self._above.append(ordinal)
        return True

    def is_gone(self, event: MessageDeleted, read_ordinal: int) -> bool:
        """Whether this new deletion of somebody else's message must be subtracted from the count."""
        ordinal = event.ordinal or 0
        self._deleted.append((event.seq, ordinal))
        if ordinal in self._above:
            self._above.remove(ordinal)
            return ordinal > read_ordinal
        return read_ordinal < ordinal <= self._counted and event.seq > self._head

    def marked(self, event: ReadMarked) -> int:
        """The unread count after this mark."""
        self._counted = max(self._counted, event.last_ordinal)
        self._head = max(self._head, event.head)
        while self._above and self._above[0] <= event.last_ordinal:
            self._above.popleft()
        while self._deleted and self._deleted[0][0] <= event.head:
            self._deleted.popleft()
        since = sum(event.ordinal < ordinal <= event.last_ordinal for _, ordinal in self._deleted)
        return max(0, event.unread + len(self._above) - since)


class Named:
    """Which messages that name everybody a count of mentions already contains. `head`: that of the state it starts from.

    An event of the user's own log gives the whole count up to an event of the conversation. Later events of the conversation
    change it.
    """

    def __init__(self, head: int) -> None:
        self._began = self._counted = head
        self._above: deque[tuple[int, int, int]] = deque(maxlen=KEPT)

    def changed(
        self, event: MessageCreated | MessageEdited | MessageFinished | MessageDeleted, uid: str, read_ordinal: int
    ) -> int:
        """How much this event, the next of its log, adds to the count of `uid`, whose read mark is `read_ordinal`."""
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

    def is_newer(self, event: ReadMarked | Mentioned) -> bool:
        """Whether the state from which it started is newer than this event."""
        return 0 < event.head < self._began

    def told(self, event: ReadMarked | Mentioned, mentions: int, read_ordinal: int) -> int:
        """The count after this event, which carries the whole count up to its `head`. `mentions`: the count before."""
        if self.is_newer(event):
            return mentions
        self._counted = max(self._counted, event.head)
        while self._above and self._above[0][0] <= self._counted:
            self._above.popleft()
        return max(0, event.mentions + sum(by for _, ordinal, by in self._above if ordinal > read_ordinal))
