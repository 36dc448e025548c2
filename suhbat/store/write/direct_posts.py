"""What a post to a direct asks for beside its message: the direct itself, and the writer's place in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from suhbat.chat.model import Actor, Post
from suhbat.errors import SuhbatError
from suhbat.store.dialect import find_rows, update_rows
from suhbat.store.tables import members

from .directs import make_direct, show_direct
from .growth import crowded, spent
from .logs import Log
from .transaction import WriterTransaction

Place = tuple[int, str]
"""A log's id and a uid."""


class DirectPosts:
    """The directs of one run of posts. Events of their making and showing are appended like any other."""

    def __init__(self, transaction: WriterTransaction) -> None:
        self._transaction = transaction
        self._connection, self._cache = transaction.connection, transaction.cache
        self._standing: dict[Place, tuple[bool, bool]] = {}
        self._rows: list[tuple[Any, ...]] = []

    def look_up(self, posts: Iterable[tuple[Post, Log]]) -> None:
        """Read, in one query, whether the direct counts for each sender, and whether they ever wrote there."""
        new = {(log.id, post.actor.uid) for post, log in posts if log.kind == "direct"} - self._cache.writers
        asked = ("conversation_id", "uid", "counts", "wrote")
        for log_id, uid, counts, wrote in find_rows(self._connection, members, asked[:2], asked, sorted(new)):
            self._standing[log_id, uid] = bool(counts), bool(wrote)

    def make(self, post: Post, peer: Actor) -> Log | SuhbatError:
        """The direct of these two, which there was none of yet; or why it cannot be made."""
        actor, limit = post.actor, self._transaction.rules.bounds.directs
        refused = crowded(self._transaction, actor.uid)
        if refused is None and peer.uid != actor.uid:
            refused = spent(self._connection, actor.uid, "directs", limit, post.at)
        if refused is not None:
            return refused
        log, _ = make_direct(self._transaction, actor, (actor, peer), post.at, writes=True)
        return log

    def enter(self, post: Post, log: Log) -> SuhbatError | None:
        """Write in a direct: from then on it counts for the writer, and everybody in it sees it. Or the refusal."""
        place = (log.id, post.actor.uid)
        if place not in self._cache.writers:
            counts, wrote = self._standing.get(place, (False, False))
            if not counts and (refused := crowded(self._transaction, post.actor.uid)) is not None:
                return refused
            if not (counts and wrote):
                self._rows.append((*place, True, True))
            self._cache.writers.add(place)
        if log.hidden:
            show_direct(self._transaction, log, post.actor, post.at)
        return None

    def flush(self) -> None:
        """Write who wrote in a direct for the first time."""
        keys, columns = ("conversation_id", "uid"), ("counts", "wrote")
        update_rows(self._connection, members, keys, columns, self._rows, add=False)
