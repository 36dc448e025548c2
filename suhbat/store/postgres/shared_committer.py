"""Commits batches while other nodes write to the same PostgreSQL database.

Each transaction first locks the rows of all logs that it probably touches, in the order of their ids, so that two nodes cannot
deadlock, and then the quotas of the users whose files it counts, in one order, too. For a log that it finds out about later it
does not wait: if another node holds it, the transaction begins again, with that log among the first. If another node (a paused
one, for example) holds a log for longer than `lock_timeout`, the items for that log wait, in their order, and everything else
commits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from suhbat.chat.model import Post
from suhbat.store.dialect import is_contended
from suhbat.store.errors import LogsHeld
from suhbat.store.write.batch import Batch, Item, Work, busy, direct_pair_of, logs_of
from suhbat.store.write.committer import Committer, InDoubt
from suhbat.store.write.transaction import WriterRules, WriterTransaction

from . import journal
from . import pipeline as pipelines
from .database_identity import require_identity
from .locking import lock
from .shared_cache import SharedCache

NEW_DIRECTS = 32
"""Pairs of people in a transaction whose direct this node has not seen, at most. Making one takes eight statements, and other
nodes wait for the locked logs as long."""
HELD_SECONDS = 5.0
"""How long an item waits for a log that another node holds before it is refused as Busy."""
DOUBT_SECONDS = 30.0
"""How long the outcome of an interrupted COMMIT is looked for."""
ASK_SECONDS = 0.1
"""The interval between two looks."""
ROUNDS = 8
"""How often a transaction begins again because it found out about one more log. Then it waits, and the database ends
deadlocks."""


class SharedCommitter(Committer):
    """A `Committer` beside those of other nodes. `identity`: the database identity for which it may write."""

    _cache: SharedCache

    def __init__(self, engine: Engine, identity: str, rules: WriterRules | None = None) -> None:
        super().__init__(engine, SharedCache(), rules)
        pipelines.listen(engine)
        self._identity = identity
        self._skips_locked = False
        self._line: journal.JournalLine | None = None
        self._late: tuple[set[str], set[str]] = (set(), set())
        """Logs and pair keys that the present items turned out to touch."""
        self._blocked_since: dict[int, float] = {}

    def write(self, items: Sequence[Item]) -> Batch:
        """See `Committer.write`. Items that must wait for another node are `blocked`. Raises AnotherDatabase; after that
        nothing may be written."""
        number = self._end_of_first(items)
        batch = super().write(items[:number])
        batch.deferred += items[number:]
        self._refuse_overdue(batch)
        return batch

    def _end_of_first(self, items: Sequence[Item]) -> int:
        """How many of these items are written in this transaction: see NEW_DIRECTS. The rest keeps its order."""
        unknown: set[str] = set()
        for number, item in enumerate(items):
            pair = direct_pair_of(item)
            if pair is not None and pair not in self._cache.ids:
                unknown.add(pair)
                if len(unknown) > NEW_DIRECTS:
                    return number
        return len(items)

    def _write_together(self, items: Sequence[Item]) -> Batch:
        try:
            return self._attempt(items)
        except Exception as error:
            if is_contended(error) and not self._skips_locked:
                self._skips_locked = True
                return self._attempt(items)
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                # The database was restarted since the last transaction. Nothing was written; a new connection may work.
                return self._attempt(items)
            raise

    def _connect(self) -> Connection:
        connection = open_connection(self._engine, self._identity)
        pipelines.attach(connection)
        return connection

    def _execute(self, connection: Connection, batch: Batch, items: Sequence[Item]) -> None:
        pipeline = pipelines.of(connection)
        assert pipeline is not None
        self._cache.begin()
        self._line = None
        free = self._lock(connection, batch, items)
        # A unit of other work must raise its own errors, so only what posts write can wait for the journal.
        pipeline.is_held = all(isinstance(item, Post) for item in free)
        if quotas := sorted({item.quota for item in free if isinstance(item, Work) and item.quota is not None}):
            connection.execute(_LOCK_QUOTAS, {"uids": quotas})
        if free:
            super()._execute(connection, batch, free)

    def _run_works(
        self, transaction: WriterTransaction, batch: Batch, works: Sequence[Work[Any]], until: float
    ) -> None:
        pipelines.forget_read_ahead(transaction.connection)  # work may change what the posts did not ask for
        super()._run_works(transaction, batch, works, until)

    def _write_journal(self, transaction: WriterTransaction, batch: Batch) -> None:
        appender = transaction.appender
        self._line = journal.write(transaction.connection, appender.entries, transaction.changes, appender.ranges)

    def _lock(self, connection: Connection, batch: Batch, items: Sequence[Item]) -> Sequence[Item]:
        """Lock the logs that the items probably touch. Returns the items that can be executed now; the others are `blocked`."""
        locked = lock(connection, self._cache, items, *self._late, skip=self._skips_locked)
        held = locked.held
        self._skips_locked = bool(held)
        self._cache.remember(connection, [row for row in locked.rows if row.kind != "own"], locked.pairs)
        self._cache.remember_own([row for row in locked.rows if row.kind == "own"])
        if not held:
            return items
        free: list[Item] = []
        for item in items:
            mine = logs_of(item) | {direct_pair_of(item) or ""}
            if mine & held:
                batch.blocked.append(item)
                held |= mine - {""}  # later items for the same logs must not overtake it
            else:
                free.append(item)
        return free

    def _refuse_overdue(self, batch: Batch) -> None:
        """Refuse the items that have been blocked for longer than HELD_SECONDS."""
        now = time.monotonic()
        since = {id(item): self._blocked_since.get(id(item), now) for item in batch.blocked}
        late = {key for key, at in since.items() if now - at > HELD_SECONDS}
        batch.outcomes += [(item, busy()) for item in batch.blocked if id(item) in late]
        batch.blocked = [item for item in batch.blocked if id(item) not in late]
        self._blocked_since = {id(item): since[id(item)] for item in batch.blocked}

    def _is_committed(self) -> bool:
        """Ask the database about the transaction, which may still be running although its connection is lost. Raises
        InDoubt."""
        if self._line is None:
            return False
        limit = time.monotonic() + DOUBT_SECONDS
        while True:
            committed = self._status_of(self._line)
            if committed is not None:
                return committed
            if time.monotonic() > limit or self.closing.wait(ASK_SECONDS):
                raise InDoubt()

    def _status_of(self, line: journal.JournalLine) -> bool | None:
        """Whether the transaction is committed; None while that is unknown."""
        try:
            with self._connect() as connection, connection.begin():
                return journal.is_committed(connection, line)
        except DBAPIError:
            return None

    def _attempt(self, items: Sequence[Item]) -> Batch:
        names, pairs = self._late = set[str](), set[str]()
        for number in range(ROUNDS + 1):
            self._cache.waits = number == ROUNDS
            try:
                batch = super()._attempt(items)
            except LogsHeld as held:
                names |= held.names
                pairs |= held.pairs
                continue
            self._cache.keep()
            return batch
        raise AssertionError("the last round waits")

    def _give_up(self, error: BaseException) -> None:
        """See `Committer`. After LogsHeld the connection is good."""
        if isinstance(error, LogsHeld) and self._connection is not None:
            with suppress(Exception):
                self._cache.clear()
                self._connection.rollback()
                return
        super()._give_up(error)


_LOCK_QUOTAS = text(
    "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended('files ' || uid, 0) AS key "
    "FROM unnest(CAST(:uids AS text[])) AS v(uid) ORDER BY key) AS w"
)


def open_connection(engine: Engine, identity: str) -> Connection:
    """A new connection that writes. It may lead to another database: a promoted standby, a restored dump. Raises
    AnotherDatabase."""
    connection = engine.connect()
    try:
        require_identity(connection, identity)
        connection.rollback()  # ends the read
    except BaseException:
        connection.close()
        raise
    return connection
