"""What the writer remembers between batches: logs with their heads and members, and which rows are there.

On SQLite, where one writer is alone, it is kept from batch to batch; with several writers (PostgreSQL, see `shared_cache`) it
is loaded anew, and the rows locked, in each transaction. After a rollback it must be thrown away (`clear`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, select

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import own_log
from suhbat.protocol.objects import Role
from suhbat.store.dialect import insert_new
from suhbat.store.read.rows import AnyRow
from suhbat.store.tables import conversations, directs

from .logs import LOG, Log, log_of, new_log, read_people, read_sanctions

_LIMIT = 200_000
"""Things kept in memory; above it everything is forgotten and read anew."""


class WriterCache:
    """Only ever what the tables say, and what the present transaction makes of it."""

    def __init__(self) -> None:
        self.named: dict[str, Log] = {}
        """Logs by name, without own ones."""
        self.pairs: dict[str, Log] = {}
        """Directs by `directs.pair_of` their people."""
        self.own: dict[str, Log] = {}
        """Own logs by uid."""
        self.users: set[str] = set()
        """The uids that have a row in `users`."""
        self.readers: set[tuple[int, str]] = set()
        """The (log, uid) that have a read mark."""
        self.writers: set[tuple[int, str]] = set()
        """The (log, uid) that have written in a direct, which counts for them."""
        self.last_posts: dict[tuple[int, str], Milliseconds] = {}
        """When somebody last wrote, where that matters (slow mode)."""
        self.words: tuple[str, ...] | None = None
        """Words that no message may have; None: not read yet."""
        self.indexed: int | None = None
        """The last id of the search index; None: not read yet."""

    def clear(self) -> None:
        """Forget everything: what is in memory may not be what is in the tables."""
        for part in (
            self.named, self.pairs, self.own, self.users, self.readers, self.writers, self.last_posts,
        ):  # fmt: skip
            part.clear()
        self.indexed = self.words = None

    def trim(self) -> None:
        """Keep memory bounded. Call between transactions only."""
        if sum(map(len, (self.named, self.pairs, self.own, self.users, self.readers, self.writers))) > _LIMIT:
            self.clear()

    def load(
        self, connection: Connection, names: Collection[str], pairs: Mapping[str, Sequence[Actor]], at: Milliseconds
    ) -> None:
        """Read and lock what is about to be written to, conversations before own logs, each in the order of their ids.

        Pairs that have no direct yet will write to the own logs of both: those are made and locked too.
        """
        new_names = [name for name in names if name not in self.named and not name.startswith("@")]
        new_pairs = [pair for pair in pairs if pair not in self.pairs]
        if not new_names and not new_pairs:
            return
        self._load(connection, new_names, new_pairs)
        missing = [pair for pair in new_pairs if pair not in self.pairs]
        if missing:
            self.load_own(connection, {actor.uid for pair in missing for actor in pairs[pair]}, at)
            # Another writer that was making one of these directs held those own logs: it is there now.
            self._load(connection, (), missing)

    def load_own(self, connection: Connection, uids: Collection[str], at: Milliseconds) -> None:
        """Read and lock own logs, made where there is none yet."""
        wanted = sorted(own_log(uid) for uid in uids if uid not in self.own)
        if not wanted:
            return
        insert_new(connection, conversations, [new_log(name, "own", at) for name in wanted])
        rows = connection.execute(
            LOG.where(conversations.c.name.in_(wanted)).order_by(conversations.c.id).with_for_update()
        ).all()
        self.remember_own(rows)

    def remember(self, connection: Connection, rows: Sequence[AnyRow], pairs: Mapping[int, str]) -> None:
        """Rows of LOG, locked, of logs that are not own ones, with who is in them. `pairs`: those of directs, by id."""
        people = self._people_of(connection, [row for row in rows if row.kind != "lobby"])
        for row in rows:
            log = log_of(row, people.get(row.id))
            self.named[log.name] = log
            if log.id in pairs:
                self.pairs[pairs[log.id]] = log
        read_sanctions(connection, (self.named[row.name] for row in rows))

    def remember_own(self, rows: Sequence[AnyRow]) -> None:
        """Rows of LOG, locked, of own logs."""
        for row in rows:
            self.own[row.name.removeprefix(own_log(""))] = log_of(row)

    def _load(self, connection: Connection, names: Collection[str], pairs: Collection[str]) -> None:
        """Read and lock these conversations, and the directs of these pairs, as far as they are there."""
        by_id: dict[int, str] = {}
        if pairs:
            found = select(directs.c.conversation_id, directs.c.pair).where(directs.c.pair.in_(pairs))
            by_id = {row[0]: row[1] for row in connection.execute(found)}
        if not names and not by_id:
            return
        rows = connection.execute(
            LOG.where(conversations.c.name.in_(names) | conversations.c.id.in_(list(by_id)))
            .where(conversations.c.kind != "erased")
            .order_by(conversations.c.id)
            .with_for_update()
        ).all()
        self.remember(connection, rows, by_id)

    def _people_of(self, connection: Connection, rows: Sequence[AnyRow]) -> dict[int, dict[str, Role]]:
        """The members of each of these logs, by its id."""
        return read_people(connection, [row.id for row in rows])
