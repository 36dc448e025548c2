"""Posts that quote a message (`reply_to`): their sender must be able to read it, and it concerns the author of that one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from suhbat.chat.model import Post
from suhbat.errors import NotFound, SuhbatError
from suhbat.store.dialect import Question, find_rows
from suhbat.store.tables import events

from .inbox import Concern
from .logs import Log
from .transaction import WriterTransaction

_KEYS = ("conversation_id", "seq")
QUOTED = Question(events, _KEYS, (*_KEYS, "type", "thread", "thread_ordinal", "actor_uid"))
"""The quoted messages, by log id and `seq`."""


class QuotePosts:
    """The quoted messages of one run of posts."""

    def __init__(self, transaction: WriterTransaction) -> None:
        self._transaction = transaction
        self._floors: Mapping[tuple[int, str], int] = {}
        self._messages: dict[tuple[int, int], tuple[int, str]] = {}
        """By (log id, seq): the stored messages, each with the highest floor that hides it, and the uid of its sender."""
        self.concerns: list[Concern] = []
        """Whose messages were quoted; to be written with the posts."""

    def load(self, posts: Sequence[tuple[Post, Log]], floors: Mapping[tuple[int, str], int]) -> None:
        """Read which of the quoted messages exist, in one query. `floors`: those of the senders, by (log id, uid)."""
        self._floors = floors
        wanted = sorted({(log.id, post.reply_to) for post, log in posts})
        for log_id, seq, kind, thread, thread_ordinal, uid in find_rows(self._transaction.connection, *QUOTED, wanted):
            if kind == "message.created":
                self._messages[log_id, seq] = (seq if thread_ordinal is None else thread, uid)

    def refusal(self, post: Post, log: Log | None) -> SuhbatError | None:
        """Why the post may not quote the message: none with this `seq` exists that the sender may read."""
        seq = post.reply_to
        assert seq is not None
        if log is None:
            return NotFound("not_found.message")
        # Events above `base` were appended by this run, and a run appends nothing but messages to conversations.
        shown = seq if log.base < seq <= log.head else self._messages.get((log.id, seq), (0, ""))[0]
        return None if shown > self._floors.get((log.id, post.actor.uid), 0) else NotFound("not_found.message")

    def take(self, post: Post, log: Log, seq: int) -> None:
        """The post was not refused and became the message `seq`. What it quotes concerns its sender."""
        quoted = post.reply_to
        assert quoted is not None
        if (log.id, quoted) in self._messages:
            uid = self._messages[log.id, quoted][1]
        else:  # appended by this run
            message = self._transaction.appender.appended(log, quoted)
            assert message is not None
            uid = message.actor_uid
        if uid != post.actor.uid:
            self.concerns.append(Concern(log.id, seq, post.at, uid, False))
