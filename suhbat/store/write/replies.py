"""Which messages the posts of a run may reply to."""

from __future__ import annotations

from collections.abc import Iterable

from suhbat.chat.model import Actor, Post
from suhbat.store.dialect import find_rows
from suhbat.store.tables import events
from suhbat.store.write.floors import writer_floors

from .logs import Log
from .transaction import WriterTransaction


class Replies:
    """The messages that are replied to in one run of posts."""

    def __init__(self, transaction: WriterTransaction) -> None:
        self._connection = transaction.connection
        self._lobby_history = transaction.rules.lobby_history
        self._messages: set[tuple[int, int]] = set()
        self._floors: dict[tuple[int, str], int] = {}

    def look_up(self, replies: Iterable[tuple[Post, Log]]) -> None:
        """Read which of the messages replied to exist, and from where on each sender may read: one query each."""
        wanted: set[tuple[int, int]] = set()
        readers: list[tuple[Actor, Log]] = []
        for post, log in replies:
            if post.reply_to is not None:
                wanted.add((log.id, post.reply_to))
                readers.append((post.actor, log))
        if not wanted:
            return
        self._floors = writer_floors(self._connection, self._lobby_history, readers)
        columns = ("conversation_id", "seq", "ordinal")
        found = find_rows(self._connection, events, columns[:2], columns, sorted(wanted))
        self._messages.update((log_id, seq) for log_id, seq, ordinal in found if ordinal is not None)

    def allows(self, log: Log | None, actor: Actor, seq: int) -> bool:
        """Whether there is such a message for this reader."""
        if log is None or seq <= self._floors.get((log.id, actor.uid), 0):
            return False
        # What lies above the base was written by this run, which writes nothing but messages to conversations.
        return log.base < seq <= log.head or (log.id, seq) in self._messages
