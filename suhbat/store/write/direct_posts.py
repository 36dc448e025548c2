"""Posts to directs: they may make the direct, show it to its people, and make it count for the sender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from suhbat.chat.model import Actor, Post
from suhbat.errors import SuhbatError
from suhbat.store.dialect import Question, find_rows, update_rows
from suhbat.store.tables import members

from .directs import Hidden, announce_shown, make_direct, read_hidden, write_shown
from .limits import crowding_refusal, spend_allowance
from .logs import Log
from .transaction import WriterTransaction

_KEYS, _COLUMNS = ("conversation_id", "uid"), ("counts", "wrote")
ENTRIES = Question(members, _KEYS, _KEYS + _COLUMNS)
"""The memberships of senders, by log id and uid."""


class DirectPosts:
    """The directs of one run of posts."""

    def __init__(self, transaction: WriterTransaction) -> None:
        self._transaction = transaction
        self._connection, self._cache = transaction.connection, transaction.cache
        self._memberships: dict[tuple[int, str], tuple[bool, bool]] = {}
        """By (log id, uid): `members.counts` and `members.wrote`."""
        self._rows: list[tuple[Any, ...]] = []
        self._hidden: Hidden = {}
        self._shown: list[Log] = []

    def load(self, posts: Sequence[tuple[Post, Log]]) -> None:
        """Read the memberships of senders who have not written there since the cache was cleared, and from whom these directs
        are hidden: a few queries for all."""
        wanted = {(log.id, post.actor.uid) for post, log in posts} - self._cache.writers
        rows = find_rows(self._connection, *ENTRIES, sorted(wanted))
        self._memberships = {(log_id, uid): (bool(counts), bool(wrote)) for log_id, uid, counts, wrote in rows}
        if hidden := {log.id: log for _, log in posts if log.hidden}:
            self._hidden = read_hidden(self._transaction, list(hidden.values()), posts[0][0].at)

    def make(self, post: Post, peer: Actor) -> Log | SuhbatError:
        """Make the direct of the sender and their peer, which does not exist yet; or return the refusal."""
        actor, limit = post.actor, self._transaction.rules.bounds.directs
        refused = crowding_refusal(self._transaction, actor.uid)
        if refused is None and peer.uid != actor.uid:
            refused = spend_allowance(self._connection, actor.uid, "directs", limit, post.at)
        if refused is not None:
            return refused
        log, _ = make_direct(self._transaction, actor, (actor, peer), post.at, writes=True)
        return log

    def enter(self, post: Post, log: Log) -> SuhbatError | None:
        """Prepare a message to a direct: it counts for the sender from now on, and all of its people see it. Or the refusal."""
        key = (log.id, post.actor.uid)
        if key not in self._cache.writers:
            counts, wrote = self._memberships.get(key, (False, False))
            if not counts and (refused := crowding_refusal(self._transaction, post.actor.uid)) is not None:
                return refused
            if not (counts and wrote):
                self._rows.append((*key, True, True))
            self._cache.writers.add(key)
        if people := self._hidden.get(log.id) if log.hidden else None:
            announce_shown(self._transaction, log, people, post.actor, post.at)
            self._shown.append(log)
        return None

    def flush(self) -> None:
        """Write the memberships that changed, and what is shown."""
        update_rows(self._connection, members, _KEYS, _COLUMNS, self._rows, add=False)
        write_shown(self._connection, self._shown, self._hidden)
