"""Commits batches: each in one transaction, with a fallback when that transaction fails. Synchronous, in the writer's
thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from suhbat.chat.model import Post
from suhbat.errors import Internal, log_text
from suhbat.store import cursors, indexer
from suhbat.store.dialect import begin, commit, is_contended, is_orphan, is_trouble, savepoint
from suhbat.store.errors import AnotherDatabase, LogsHeld
from suhbat.store.sqlite import journal

from . import posting
from .batch import Batch, Item, Work, internal_error, logs_of, not_found, refuse_all
from .transaction import WriterRules, WriterTransaction
from .writer_cache import WriterCache

log = structlog.get_logger("suhbat.store")

WORK_SECONDS = 0.002
"""Time limit for the other work of a transaction that also has posts. A post costs some 10 us, a command many times as much: a
transaction with many commands would delay every message."""


class InDoubt(Exception):
    """The outcome of a COMMIT is unknown, or there is no time to wait for it. Repeating the items with the same keys is
    safe."""


class Committer:
    """Owns the writing connection. It is opened when needed and closed after every failure."""

    def __init__(self, engine: Engine, cache: WriterCache, rules: WriterRules | None = None) -> None:
        self._engine = engine
        self._cache = cache
        self._rules = rules or WriterRules()
        self._connection: Connection | None = None
        self._row: int | None = None
        """The id of the journal row of the last transaction; None if that wrote none."""
        self.had_doubt = False
        """Whether a COMMIT has failed. Its items may be stored although they were refused. The writer resets it."""
        self.closing = threading.Event()
        """Set by any thread when the store closes: stop waiting for the outcome of a COMMIT in doubt."""
        self.more = False
        """Whether posts arrived that are not in the present batch. The event loop sets it, and the writer's thread resets it.
        Nobody waits for it, so it is no `Event`, which takes a lock."""

    def write(self, items: Sequence[Item]) -> Batch:
        """Write a batch. When this returns, everything that the result reports as written is on disk.

        If the database is in trouble (full disk, I/O error), all items get StorageUnavailable. After any other failure each
        item is tried again in its own transaction, so that it cannot fail the others; an item that fails again gets
        Internal.
        """
        self._cache.trim()
        try:
            return self._write_together(items)
        except AnotherDatabase:
            raise
        except InDoubt:
            return Batch(outcomes=[(item, Internal()) for item in items])
        except Exception as error:
            if is_trouble(error):
                return Batch(outcomes=refuse_all(items, error))
            if len(items) == 1 and not is_contended(error):
                return Batch(outcomes=[(items[0], internal_error(error))])
        return self._write_singly(items)

    def feed_index(self, goes_on: Callable[[], bool], *, singly: bool = False) -> bool:
        """Index the next messages in a transaction of its own (see `indexer.feed`). Between batches.

        It is flushed like any other. Without that, a failed flush of the next batch could lose it too, and later batches, which
        follow it in the log, would be lost with it in a power cut.
        """
        is_done = False

        def feed(connection: Connection) -> None:
            nonlocal is_done
            is_done = bool(indexer.feed(connection, goes_on, singly=singly))
            cursors.prune(connection)

        self._run_alone(feed)
        return is_done

    def prune_journal(self) -> None:
        """Keep the journal bounded while the index cannot be fed. Between batches."""
        self._run_alone(cursors.prune)

    def drop(self) -> None:
        """Close the connection, which rolls back an open transaction, and clear the cache."""
        self._cache.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
                connection.close()

    def _run_alone(self, run: Callable[[Connection], None]) -> None:
        """Run this in a transaction that no item belongs to."""
        if self._connection is None:
            self._connection = self._connect()
        try:
            begin(self._connection)
            run(self._connection)
            commit(self._connection)
        except BaseException:
            self.drop()
            raise

    def _write_together(self, items: Sequence[Item]) -> Batch:
        return self._attempt(items)

    def _write_singly(self, items: Sequence[Item]) -> Batch:
        """Write each item in its own transaction. An item that another node blocks is left, and so are later items for the same
        logs."""
        batch = Batch()
        blocked_logs: set[str] = set()
        for number, item in enumerate(items):
            if blocked_logs & logs_of(item):
                batch.blocked.append(item)  # it must not overtake earlier items
                continue
            try:
                batch.add(self._attempt([item]))
            except AnotherDatabase:
                raise
            except Exception as error:
                if is_contended(error):
                    batch.blocked.append(item)
                elif is_trouble(error):
                    batch.outcomes += refuse_all(items[number:], error)
                    break
                else:
                    batch.outcomes.append((item, internal_error(error)))
            if batch.blocked:
                blocked_logs = set().union(*map(logs_of, batch.blocked))
        return batch

    def _attempt(self, items: Sequence[Item]) -> Batch:
        """Write all items in one transaction, in their order. Raises after the transaction was rolled back."""
        if self._connection is None:
            self._connection = self._connect()
        batch = Batch()
        try:
            begin(self._connection)
            self._execute(self._connection, batch, items)
        except BaseException as error:
            self._give_up(error)
            raise
        try:
            commit(self._connection)
        except BaseException as error:
            self.had_doubt = True
            self.drop()
            if not self._look_up_outcome():
                raise
            log.warning("writer: COMMIT reported an error, but the batch is stored", error=log_text(error))
        return batch

    def _give_up(self, error: BaseException) -> None:
        """Roll back a transaction that failed with this error."""
        self.drop()

    def _connect(self) -> Connection:
        return self._engine.connect()

    def _execute(self, connection: Connection, batch: Batch, items: Sequence[Item]) -> None:
        """Execute the items, posts before other work. Raises only what concerns more than one item.

        Posts may overtake other work: a client either waits for the answer to its command before it posts, or accepts any
        order.
        """
        self._row = None
        transaction = WriterTransaction(connection, self._cache, self._rules)
        batch.entries, batch.changes = transaction.appender.entries, transaction.changes
        posts = [item for item in items if isinstance(item, Post)]
        try:
            if posts:
                batch.outcomes += zip(posts, posting.write(transaction, posts), strict=True)
            until = perf_counter() + WORK_SECONDS if posts else math.inf
            self._run_works(transaction, batch, [item for item in items if isinstance(item, Work)], until)
            self._write_journal(transaction, batch)
        except BaseException:
            transaction.give_back()
            raise

    def _write_journal(self, transaction: WriterTransaction, batch: Batch) -> None:
        """The last statement of each transaction."""
        if transaction.appender.ranges:
            self._row = batch.row = journal.write(transaction.connection, transaction.appender.ranges)

    def _run_works(
        self, transaction: WriterTransaction, batch: Batch, works: Sequence[Work[Any]], until: float
    ) -> None:
        """Run at least one item of other work. Defer the rest at the time `until`, or as soon as new posts wait for this
        transaction to end."""
        for number, work in enumerate(works):
            if number and (self.more or perf_counter() > until):
                batch.deferred += works[number:]
                return
            batch.outcomes.append((work, self._run_work(transaction, work)))

    def _run_work(self, transaction: WriterTransaction, work: Work[Any]) -> Any:
        """Run one item in a savepoint. Returns its result; or its exception, after rolling back the savepoint."""
        point = savepoint(transaction.connection)
        before = transaction.lengths()
        try:
            result = work.run(transaction)
            transaction.appender.flush()
        except Exception as error:
            if is_trouble(error) or is_contended(error) or isinstance(error, LogsHeld):
                raise
            point.rollback()
            transaction.truncate(before)
            return not_found(error) if is_orphan(error) else error
        point.commit()
        return result

    def _look_up_outcome(self) -> bool:
        """Whether the last transaction, whose outcome is unknown, is in the database. Raises what refuses its items: a second
        attempt could store messages twice, because not all of them have idempotency keys."""
        try:
            return self._is_committed()
        except (AnotherDatabase, InDoubt):
            raise
        except Exception as error:
            if is_trouble(error):
                raise
            log.exception("writer: outcome of a COMMIT not found out")
            raise InDoubt() from error

    def _is_committed(self) -> bool:
        """Whether the last transaction, whose outcome is unknown, is in the database. It is atomic, so its row of the journal
        tells for all; there is no other writer that could have taken the row's id."""
        if self._row is None:
            return False
        with self._engine.connect() as connection, connection.begin():
            return journal.last_id(connection) == self._row
