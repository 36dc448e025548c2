"""A store over SQLite in memory: the real statements and the real writer, without threads, on a disk that can fail."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from suhbat.chat.model import Change, Changed, Committed, StoreDelta
from suhbat.store.dialect import begin, commit
from suhbat.store.errors import UnusableStore
from suhbat.store.read.joint import Joint
from suhbat.store.sql import SQLStore
from suhbat.store.write.batch import Batch, Item, Work
from suhbat.store.write.committer import Committer
from suhbat.store.write.indexing import IndexingBetweenBatches
from suhbat.store.write.transaction import WriterTransaction
from suhbat.store.write.writer import Writer
from suhbat.store.write.writer_cache import WriterCache

from .loop import PROCESS

K = TypeVar("K")
T = TypeVar("T")

READ_SECONDS = 0.004
WRITE_SECONDS = 0.01
"""Each takes up to this long."""
TICK = 1e-6


class _File(sqlite3.Connection):
    """One connection for the whole process, because compiling all statements for each history would take longer than the
    history. A history is one transaction, and the transactions of the program are savepoints in it: so `rewind` undoes all of
    them. (If the data were copied from elsewhere instead, SQLite would compile all statements again, too.)"""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.before, self.after, self.reads = 0, 0, 0
        """How many of the next COMMITs fail without effect and with effect, and how many of the next reads fail."""
        self._is_open = False

    def rewind(self) -> None:
        """Forget everything since the last call; with the first one, everything that follows."""
        self._is_open = False
        if super().in_transaction:
            super().rollback()
        super().execute("BEGIN")

    @property
    def in_transaction(self) -> bool:
        """Whether the program has a transaction open."""
        return self._is_open

    def execute(self, text: str, parameters: Any = ()) -> sqlite3.Cursor:
        if text.startswith("BEGIN"):
            if self._is_open:
                raise sqlite3.OperationalError("cannot start a transaction within a transaction")
            text, self._is_open = "SAVEPOINT program", True
        return super().execute(text, parameters)

    def commit(self) -> None:
        if self._is_open and PROCESS.get() is not None and self.before:
            self.before -= 1
            self.rollback()
            raise _trouble()
        changes = self._is_open and PROCESS.get() is not None and self.after
        self._end()
        if changes:
            self.after -= 1
            raise _trouble()

    def rollback(self) -> None:
        if self._is_open:
            super().execute("ROLLBACK TO program")
            self._end()

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            super().execute("RELEASE program")

    def close(self) -> None:
        """Roll back, but stay open."""
        self.rollback()


def _trouble() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


FILE = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=512, factory=_File)
FILE.execute("PRAGMA foreign_keys = ON")
ENGINE = create_engine("sqlite://", creator=lambda: FILE, poolclass=StaticPool)


READING = ENGINE.connect()
"""For all reads: making one for each takes as long as a small read."""


def _begin(connection: object) -> None:
    if not FILE.in_transaction:  # otherwise the writer has begun it without SQLAlchemy
        FILE.execute("BEGIN")


ENGINE.dialect.do_begin = _begin  # with a listener, each statement would look for listeners


class Disk:
    """The data that survives every crash: the database, and the data that nodes share through it. One at a time."""

    def __init__(self) -> None:
        FILE.before = FILE.after = FILE.reads = 0
        self.journal: list[Change] = []
        self.committed: Callable[[Batch], None] = lambda batch: None
        """Called in the step in which a batch became durable."""
        self.cache = WriterCache()
        """What the writers keep in memory. It is one cache, because each would be told of what the other writes: with SQLite
        there is one writer, whose cache lives as long as its process. It is empty again when a node starts."""
        self.writers: list[Committer] = []

    def close(self) -> None:
        """Take the disk away from the nodes, whose connections would disturb the next nodes when they are collected."""
        for writer in self.writers:
            writer.drop()


class _Committer(Committer):
    """The committer of a node that is not alone, beside which others write."""

    def __init__(self, disk: Disk, chance: random.Random) -> None:
        super().__init__(ENGINE, disk.cache)
        disk.cache.clear()
        self._disk = disk
        self._chance = chance
        disk.writers.append(self)

    def drop(self) -> None:
        """Roll back, but leave the connection usable: it is that of all nodes."""
        self._cache.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def write(self, items: Sequence[Item]) -> Batch:
        batch = super().write(items)
        self._disk.journal += batch.changes
        self._disk.committed(batch)
        return batch

    def _run_works(
        self, transaction: WriterTransaction, batch: Batch, works: Sequence[Work[Any]], until: float
    ) -> None:
        """Run some of the works and defer the others, by chance instead of by time."""
        most = self._chance.randint(1, 3)
        batch.outcomes += [(work, self._run_work(transaction, work)) for work in works[:most]]
        batch.deferred += works[most:]


class _Writer(Writer):
    """One turn of the real writer's thread is a step of the loop, some time after it has work, or when the index is due."""

    def __init__(self, disk: Disk, chance: random.Random, committed: Committed, changed: Changed | None) -> None:
        committer = _Committer(disk, chance)
        super().__init__(committer, committed, changed)
        self._indexing: IndexingBetweenBatches = IndexingBetweenBatches(committer, self._wake_thread, self._loop.time)
        self._chance = chance
        self._woken = False

    def start(self) -> None:
        self._wake()

    def _hand_over(self) -> None:
        super()._hand_over()
        self._wake()

    def _wake_thread(self) -> None:
        super()._wake_thread()
        self._wake()

    def _wake(self) -> None:
        if not self._woken:
            self._woken = True
            self._loop.call_later(self._chance.random() * WRITE_SECONDS, self._turn_of_the_thread)

    def _turn_of_the_thread(self) -> None:
        self._woken = False
        if self._has_work():
            self._step()
        else:
            self._indexing.idle()
        if self._has_work():
            self._wake()
        elif (delay := self._indexing.schedule.delay()) is not None:
            self._loop.call_later(delay + TICK, self._wake)

    def _has_work(self) -> bool:
        return bool(self._posts or self._works or not self._queue.empty())


class _Reader:
    """A read waits some time before it sees the data and after it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    async def read(self, run: Callable[[Connection], T]) -> T:
        await asyncio.sleep(self._chance.random() * READ_SECONDS)
        found, error = self._ask(run)
        await asyncio.sleep(self._chance.random() * READ_SECONDS)
        if error is not None:
            raise error
        return found

    async def read_joint(self, kind: Joint[K, T], key: K) -> T:
        return (await self.read(lambda connection: kind.run(connection, [key])))[0]

    def _ask(self, run: Callable[[Connection], T]) -> tuple[T | None, Exception | None]:
        try:
            begin(READING)
            if FILE.reads:
                FILE.reads -= 1
                raise DBAPIError("a read", None, _trouble())
            found = run(READING)
            commit(READING)
        except Exception as error:
            READING.rollback()
            FILE.rollback()  # if the read has not come to SQLAlchemy, it knows of no transaction
            return None, error
        return found, None

    async def close(self) -> None: ...


class SimulatedStore(SQLStore):
    """Implements chat.ports.Store for one node, on a disk that it shares with the others."""

    def __init__(self, disk: Disk, clock: Any, chance: random.Random) -> None:
        super().__init__(lobby_history="since_joined", clock=clock)
        self._disk = disk
        self._chance = chance

    async def open(self, committed: Committed, changed: Changed | None = None) -> None:
        self.epoch = "simulated"
        self._writer = _Writer(self._disk, self._chance, committed, changed)
        self._writer.start()  # after a crash the index lacks messages, and nobody need ever write again
        self._reader = _Reader(self._chance)
        self._is_open = True

    async def close(self) -> None:
        self._is_open = False

    async def ready(self) -> None:
        if not self._is_open:
            raise UnusableStore("the store is not open")

    async def changes_since(self, logs: Collection[str], since: str | None = None) -> StoreDelta:
        upto = len(self._disk.journal)
        changes = self._disk.journal[int(since or upto) : upto]
        return StoreDelta(str(upto), await self.heads(logs), tuple(changes))
