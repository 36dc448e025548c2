"""A batch in one transaction, and what becomes of it when that fails. Synchronous; called in the writer's thread."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from suhbat.chat.model import Change, Post, Sent
from suhbat.errors import Busy, Internal, StorageUnavailable, SuhbatError
from suhbat.protocol.events import LogEntry

from . import idempotency, posting
from .dialect import is_contended, is_trouble
from .known import Known

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

WORK_SECONDS = 0.002
"""How long the posts of a transaction wait for its other work. A post costs some 20 us, an act fifty times as much: many acts
in one transaction would keep every message waiting for all of them."""

Unit = Callable[[Connection, Known], tuple[T, list[LogEntry]]]
"""Something else to write: gives its result, and the events to publish. Must be repeatable."""


@dataclass(slots=True, eq=False)
class Work(Generic[T]):
    """A unit of work on its way to the writer, and who waits for it."""

    run: Unit[T]
    answer: asyncio.Future[T]
    logs: frozenset[str] = frozenset()
    """The names of the logs that it is likely to touch, so that they can be locked in one order (see `shared`)."""


Item = Post | Work[Any]
Told = tuple[Item, Any]
"""An item and its outcome: for a post an Outcome, for other work the result or the exception."""


@dataclass(slots=True)
class Batch:
    """What became of a batch. `left`: items that could not be written yet, to be tried again before all others; `later`: those
    for which there was no time, to be tried again after these."""

    entries: list[LogEntry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    left: list[Item] = field(default_factory=list)
    later: list[Item] = field(default_factory=list)

    def add(self, more: Batch) -> None:
        """What became of further items."""
        self.entries += more.entries
        self.changes += more.changes
        self.told += more.told
        self.left += more.left
        self.later += more.later


class Transactions:
    """Owns the writing connection, which is opened when it is needed and dropped after every failure."""

    def __init__(self, engine: Engine, known: Known) -> None:
        self._engine = engine
        self._known = known
        self._connection: Connection | None = None
        self.closing = threading.Event()
        """Set (by any thread) when there is no time any more to wait for what is undecided."""
        self.more = threading.Event()
        """Set (by any thread) when posts came that are not in this batch."""

    def write(self, items: Sequence[Item]) -> Batch:
        """Write a batch; when this returns, what it says was written is on disk.

        Where the database is in trouble (full, I/O errors) all get Busy. Where anything else fails, each item is tried
        again in a transaction of its own, so that one of them never fails its neighbours; it gets Internal.
        """
        self._known.trim()
        try:
            return self._attempt(items, again=False)
        except Exception as error:
            if is_trouble(error):
                return Batch(told=refused(items, error))
            if len(items) == 1:
                return Batch(told=[(items[0], fault(error))])
        return self._one_by_one(items)

    def _one_by_one(self, items: Sequence[Item]) -> Batch:
        """Each in a transaction of its own."""
        batch = Batch()
        for number, item in enumerate(items):
            try:
                batch.add(self._attempt([item], again=True))
            except Exception as error:
                if is_trouble(error):
                    batch.told += refused(items[number:], error)
                    break
                batch.told.append((item, fault(error)))
        return batch

    def drop(self) -> None:
        """Close the connection, which rolls back whatever state it is in, and forget what was known."""
        self._known.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
                connection.close()

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
        self._known.changes = made.changes
        posts = [item for item in items if isinstance(item, Post)]
        if posts:
            written = posting.write(connection, posts, self._known, again=again)
            made.entries += written.entries
            made.told += zip(posts, written.outcomes, strict=True)
        until = perf_counter() + WORK_SECONDS if posts else math.inf
        self._carry_out(connection, made, [item for item in items if isinstance(item, Work)], until)

    def _carry_out(self, connection: Connection, made: Batch, works: Sequence[Work[Any]], until: float) -> None:
        """Carry out at least one item of other work. The rest is left for later at the time `until`, or as soon as new posts
        wait for this transaction to end."""
        for number, work in enumerate(works):
            if number and (self.more.is_set() or perf_counter() > until):
                made.later += works[number:]
                return
            made.told.append((work, self._work(connection, made, work)))

    def _work(self, connection: Connection, made: Batch, item: Work[Any]) -> Any:
        """The result of other work, in a savepoint; or its exception, when nothing of it was written."""
        savepoint = connection.begin_nested()
        changes = len(made.changes)
        try:
            result, more = item.run(connection, self._known)
        except Exception as error:
            if is_trouble(error) or is_contended(error):
                raise
            savepoint.rollback()
            self._known.clear()
            del made.changes[changes:]
            return error
        savepoint.commit()
        made.entries += more
        return result

    def _is_committed(self, made: Batch) -> bool:
        """Whether a transaction of unknown outcome is in the database: it is atomic, so one key tells for all."""
        for item, outcome in made.told:
            if isinstance(item, Post) and isinstance(outcome, Sent) and not outcome.duplicate:
                with self._engine.connect() as connection, connection.begin():
                    return idempotency.is_written(connection, item)
        return False


def busy() -> Busy:
    """What is told when nothing was written and the same may work in a second."""
    return Busy(retry_after=1, seconds=1)


def unavailable() -> StorageUnavailable:
    """What is told when the database gives trouble. Mostly nothing was written; whoever repeats it is safe."""
    return StorageUnavailable(retry_after=1, seconds=1)


def refused(items: Sequence[Item], error: Exception) -> list[Told]:
    log.error("the database cannot be written to", error=str(error), refused=len(items))
    return [(item, unavailable()) for item in items]


def fault(error: Exception) -> SuhbatError:
    log.error("something could not be written", exc_info=error)
    return Internal()
