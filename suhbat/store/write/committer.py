"""A batch in one transaction, and what becomes of it when that fails. Synchronous; called in the writer's thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from suhbat.chat.model import Post, PostResult
from suhbat.errors import Internal
from suhbat.store.dialect import is_contended, is_trouble
from suhbat.store.errors import AnotherDatabase

from . import idempotency, posting
from .batch import Batch, Item, Work, fault, logs_of, refused
from .transaction import WriterRules, WriterTransaction
from .writer_cache import WriterCache

log = structlog.get_logger("suhbat.store")

WORK_SECONDS = 0.002
"""How long the posts of a transaction wait for its other work. A post costs some 20 us, a command fifty times as much: many
commands in one transaction would keep every message waiting for all of them."""


class InDoubt(Exception):
    """Nobody knows whether it was written, or there is no time to wait for it. Whoever repeats it with the same key is safe."""


class Committer:
    """Owns the writing connection, which is opened when it is needed and dropped after every failure."""

    def __init__(self, engine: Engine, cache: WriterCache, rules: WriterRules | None = None) -> None:
        self._engine = engine
        self._cache = cache
        self._rules = rules or WriterRules()
        self._connection: Connection | None = None
        self.closing = threading.Event()
        """Set (by any thread) when there is no time any more to wait for what is undecided."""
        self.more = threading.Event()
        """Set (by any thread) when posts came that are not in this batch."""

    def write(self, items: Sequence[Item]) -> Batch:
        """Write a batch; when this returns, what it says was written is on disk.

        Where the database is in trouble (full, I/O errors) all get StorageUnavailable. Where anything else fails, each item is
        tried again in a transaction of its own, so that one of them never fails its neighbours; it gets Internal.
        """
        self._cache.trim()
        try:
            return self._together(items)
        except AnotherDatabase:
            raise
        except InDoubt:
            return Batch(told=[(item, Internal()) for item in items])
        except Exception as error:
            if is_trouble(error):
                return Batch(told=refused(items, error))
            if len(items) == 1 and not is_contended(error):
                return Batch(told=[(items[0], fault(error))])
        return self._one_by_one(items)

    def drop(self) -> None:
        """Close the connection, which rolls back whatever state it is in, and forget what was cached."""
        self._cache.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
                connection.close()

    def _together(self, items: Sequence[Item]) -> Batch:
        return self._attempt(items, again=False)

    def _one_by_one(self, items: Sequence[Item]) -> Batch:
        """Each in a transaction of its own. What another node holds up is left, and what comes later to the same logs."""
        batch = Batch()
        waiting: set[str] = set()
        for number, item in enumerate(items):
            if waiting & logs_of(item):
                batch.left.append(item)  # not before those that came before it
                continue
            try:
                batch.add(self._attempt([item], again=True))
            except AnotherDatabase:
                raise
            except Exception as error:
                if is_contended(error):
                    batch.left.append(item)
                elif is_trouble(error):
                    batch.told += refused(items[number:], error)
                    break
                else:
                    batch.told.append((item, fault(error)))
            if batch.left:
                waiting = set().union(*map(logs_of, batch.left))
        return batch

    def _attempt(self, items: Sequence[Item], *, again: bool) -> Batch:
        """All items in one transaction, in their order. Raises after everything was rolled back."""
        if self._connection is None:
            self._connection = self._connect()
        made = Batch()
        try:
            transaction = self._connection.begin()
            self._fill(self._connection, made, items, again)
        except BaseException:
            self.drop()
            raise
        try:
            transaction.commit()
        except BaseException as error:
            self.drop()
            if not self._is_committed(made):
                raise
            log.warning("COMMIT failed, yet the batch is in the database", error=str(error))
        return made

    def _connect(self) -> Connection:
        return self._engine.connect()

    def _fill(self, connection: Connection, made: Batch, items: Sequence[Item], again: bool) -> None:
        """Carry out the items, posts before other work. No client sees another order than its own: it sends a post either after
        the answer to its other command, or without waiting for one. Raises only what concerns more than one item."""
        transaction = WriterTransaction(connection, self._cache, self._rules)
        made.entries, made.changes = transaction.appender.entries, transaction.changes
        posts = [item for item in items if isinstance(item, Post)]
        if posts:
            made.told += zip(posts, posting.write(transaction, posts, again=again), strict=True)
        until = perf_counter() + WORK_SECONDS if posts else math.inf
        self._carry_out(transaction, made, [item for item in items if isinstance(item, Work)], until)

    def _carry_out(self, transaction: WriterTransaction, made: Batch, works: Sequence[Work[Any]], until: float) -> None:
        """Carry out at least one item of other work. The rest is left for later at the time `until`, or as soon as new posts
        wait for this transaction to end."""
        for number, work in enumerate(works):
            if number and (self.more.is_set() or perf_counter() > until):
                made.later += works[number:]
                return
            made.told.append((work, self._work(transaction, work)))

    def _work(self, transaction: WriterTransaction, item: Work[Any]) -> Any:
        """The result of other work, in a savepoint; or its exception, when nothing of it was written."""
        savepoint = transaction.connection.begin_nested()
        before = transaction.mark()
        try:
            result = item.run(transaction)
            transaction.appender.flush()
        except Exception as error:
            if is_trouble(error) or is_contended(error):
                raise
            savepoint.rollback()
            transaction.back_to(before)
            return error
        savepoint.commit()
        return result

    def _is_committed(self, made: Batch) -> bool:
        """Whether a transaction of unknown outcome is in the database: it is atomic, so one key tells for all."""
        for item, outcome in made.told:
            if isinstance(item, Post) and isinstance(outcome, PostResult) and not outcome.duplicate:
                with self._engine.connect() as connection, connection.begin():
                    return idempotency.is_written(connection, item)
        return False
