"""What the writer keeps in memory between batches: logs with their heads and members, and which rows exist.

SQLite has one writer, so the cache lives from batch to batch. With several writers (PostgreSQL, see `shared_cache`) logs are
loaded again, and their rows locked, in each transaction. After a rollback the cache must be cleared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, bindparam

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import Role
from suhbat.store.dialect import AnyRow, find_rows, insert_new
from suhbat.store.tables import conversations, directs

from .logs import LOG, Log, log_of, new_log, read_people, read_sanctions

_WANTED = LOG.where(
    conversations.c.name.in_(bindparam("names", expanding=True))
    | conversations.c.id.in_(bindparam("ids", expanding=True)),
    conversations.c.kind != "erased",
).order_by(conversations.c.id)
_LOCK = _WANTED.with_for_update(key_share=True)
_LOCK_FREE = _WANTED.with_for_update(key_share=True, nowait=True)
_LIMIT = 200_000
"""Entries kept in memory. Above this number the cache is cleared."""


class WriterCache:
    """Holds nothing but what the tables say, and what the present transaction changed."""

    def __init__(self) -> None:
        self.named: dict[str, Log] = {}
        """Logs by name, without own logs."""
        self.pairs: dict[str, Log] = {}
        """Directs by `directs.pair_of` their people."""
        self.own: dict[str, Log] = {}
        """Own logs by uid."""
        self.users: set[str] = set()
        """The uids that have a row in `users`."""
        self.readers: set[tuple[int, str]] = set()
        """The (log id, uid) that have a read mark."""
        self.writers: set[tuple[int, str]] = set()
        """The (log id, uid) of people who have written in a direct, which therefore counts for them."""
        self.last_posts: dict[tuple[int, str], Milliseconds] = {}
        """When a user last wrote in a log with slow mode, by (log id, uid)."""
        self.words: tuple[str, ...] | None = None
        """The word filter; None: not read yet."""

    def clear(self) -> None:
        """Forget everything, because the memory may differ from the tables."""
        for part in (
            self.named, self.pairs, self.own, self.users, self.readers, self.writers, self.last_posts,
        ):  # fmt: skip
            part.clear()
        self.words = None

    def trim(self) -> None:
        """Keep memory bounded. Call between transactions only."""
        if sum(map(len, (self.named, self.pairs, self.own, self.users, self.readers, self.writers))) > _LIMIT:
            self.clear()

    def load(
        self, connection: Connection, names: Collection[str], pairs: Mapping[str, Sequence[Actor]], at: Milliseconds
    ) -> None:
        """Read and lock conversations, and the directs of `pairs` (by `pair_of`), in the order of their ids.

        For a pair without a direct the own logs of its people are made and locked too, because making the direct writes there.
        """
        new_names = [name for name in names if name not in self.named and not name.startswith("@")]
        new_pairs = [pair for pair in pairs if pair not in self.pairs]
        if not new_names and not new_pairs:
            return
        self._load(connection, new_names, new_pairs)
        missing = [pair for pair in new_pairs if pair not in self.pairs]
        if missing:
            self.load_own(connection, {actor.uid for pair in missing for actor in pairs[pair]}, at)
            # Another writer may have made one of these directs while it held those own logs.
            self._load(connection, (), missing)

    def load_own(self, connection: Connection, uids: Collection[str], at: Milliseconds) -> None:
        """Read and lock own logs; those that do not exist are made."""
        wanted = sorted(own_log(uid) for uid in uids if uid not in self.own)
        if not wanted:
            return
        insert_new(connection, conversations, [new_log(name, "own", at) for name in wanted])
        self.remember_own(self._lock(connection, wanted))

    def remember(self, connection: Connection, rows: Sequence[AnyRow], pairs: Mapping[int, str]) -> None:
        """Add logs from locked rows of LOG, without own logs, and read their members and sanctions. `pairs`: pair keys of
        directs, by log id."""
        people = self._people_of(connection, [row for row in rows if row.kind != "lobby"])
        for row in rows:
            log = log_of(row, people.get(row.id))
            self.named[log.name] = log
            if log.id in pairs:
                self.pairs[pairs[log.id]] = log
        self._read_sanctions(connection, [self.named[row.name] for row in rows])

    def remember_own(self, rows: Sequence[AnyRow]) -> None:
        """Add own logs from locked rows of LOG."""
        for row in rows:
            self.own[row.name.removeprefix(own_log(""))] = log_of(row)

    def _load(self, connection: Connection, names: Collection[str], pairs: Collection[str]) -> None:
        """Read and lock those of these conversations and directs that exist."""
        by_id: dict[int, str] = {}
        if pairs:
            columns = ("conversation_id", "pair")
            by_id.update(find_rows(connection, directs, ("pair",), columns, [(pair,) for pair in pairs]))
        if not names and not by_id:
            return
        self.remember(connection, self._lock(connection, names, by_id, pairs), by_id)

    def _lock(
        self,
        connection: Connection,
        names: Collection[str],
        ids: Collection[int] = (),
        pairs: Collection[str] = (),
        *,
        wait: bool = True,
    ) -> Sequence[AnyRow]:
        """Read and lock the rows of logs, in the order of their ids. They have these names or ids; `pairs`: those of the
        directs among them."""
        return connection.execute(_LOCK if wait else _LOCK_FREE, {"names": list(names), "ids": list(ids)}).all()

    def _people_of(self, connection: Connection, rows: Sequence[AnyRow]) -> dict[int, dict[str, Role]]:
        """The members of each of these logs, by log id."""
        return read_people(connection, [row.id for row in rows])

    def _read_sanctions(self, connection: Connection, logs: Sequence[Log]) -> None:
        """Fill in the bans and mutes of these logs."""
        read_sanctions(connection, logs)
