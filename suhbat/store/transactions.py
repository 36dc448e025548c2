"""A batch in one transaction, and what becomes of it when that fails. Synchronous; called in the writer's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from suhbat.chat.model import Post, Sent
from suhbat.errors import Busy, Internal, SuhbatError
from suhbat.protocol.events import LogEntry

from . import batch
from .dialect import is_trouble
from .known import Known

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

Unit = Callable[[Connection, Known], tuple[T, list[LogEntry]]]
"""Something else to write: gives its result, and the events to publish. Must be repeatable."""


@dataclass(slots=True, eq=False)
class Work(Generic[T]):
    """A unit of work on its way to the writer, and who waits for it."""

    run: Unit[T]
    answer: asyncio.Future[T]


Item = Post | Work[Any]
Told = tuple[Item, Any]
"""An item and its outcome: for a post an Outcome, for other work the result or the exception."""


class Transactions:
    """Owns the writing connection, which is opened when it is needed and dropped after every failure."""

    def __init__(self, engine: Engine, known: Known) -> None:
        self._engine = engine
        self._known = known
        self._connection: Connection | None = None

    def write(self, items: Sequence[Item]) -> tuple[list[LogEntry], list[Told]]:
        """Write a batch; when this returns, what it says was written is on disk. Gives the events and every outcome.

        Where the database is in trouble (full, I/O errors) all get Busy. Where anything else fails, each item is tried
        again in a transaction of its own, so that one of them never fails its neighbours; it gets Internal.
        """
        self._known.trim()
        try:
            return self._attempt(items, again=False)
        except Exception as error:
            if is_trouble(error):
                return [], _refused(items, error)
            if len(items) == 1:
                return [], [(items[0], _fault(error))]
        entries: list[LogEntry] = []
        told: list[Told] = []
        for item in items:
            try:
                more_entries, more_told = self._attempt([item], again=True)
            except Exception as error:
                if is_trouble(error):
                    return entries, told + _refused(items[len(told) :], error)
                told.append((item, _fault(error)))
            else:
                entries += more_entries
                told += more_told
        return entries, told

    def drop(self) -> None:
        """Close the connection, which rolls back whatever state it is in, and forget what was known."""
        self._known.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
                connection.close()

    def _attempt(self, items: Sequence[Item], *, again: bool) -> tuple[list[LogEntry], list[Told]]:
        """All items in one transaction, in their order. Raises after everything was rolled back."""
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        entries: list[LogEntry] = []
        told: list[Told] = []
        try:
            transaction = connection.begin()
            for is_post, run in groupby(items, key=_is_post):
                if is_post:
                    posts = [item for item in run if isinstance(item, Post)]
                    written = batch.write(connection, posts, self._known, again=again)
                    entries += written.entries
                    told += zip(posts, written.outcomes, strict=True)
                else:
                    told += [(item, self._work(item, entries)) for item in run if isinstance(item, Work)]
        except BaseException:
            self.drop()
            raise
        try:
            transaction.commit()
        except BaseException as error:
            self.drop()
            if not self._is_committed(told):
                raise
            log.warning("COMMIT failed, yet the batch is in the database", error=str(error))
        return entries, told

    def _work(self, item: Work[Any], entries: list[LogEntry]) -> Any:
        """The result of other work, in a savepoint; or its exception, when nothing of it was written."""
        assert self._connection is not None
        savepoint = self._connection.begin_nested()
        try:
            result, more = item.run(self._connection, self._known)
        except Exception as error:
            if is_trouble(error):
                raise
            savepoint.rollback()
            self._known.clear()
            return error
        savepoint.commit()
        entries += more
        return result

    def _is_committed(self, told: Sequence[Told]) -> bool:
        """Whether a transaction of unknown outcome is in the database: it is atomic, so one key tells for all."""
        for item, outcome in told:
            if isinstance(item, Post) and isinstance(outcome, Sent) and not outcome.duplicate:
                with self._engine.connect() as connection, connection.begin():
                    return batch.is_written(connection, item)
        return False


def busy() -> Busy:
    """What is told when nothing was written and the same may work in a second."""
    return Busy(retry_after=1, seconds=1)


def _is_post(item: Item) -> bool:
    return isinstance(item, Post)


def _refused(items: Sequence[Item], error: Exception) -> list[Told]:
    log.error("the database cannot be written to", error=str(error), refused=len(items))
    return [(item, busy()) for item in items]


def _fault(error: Exception) -> SuhbatError:
    log.error("something could not be written", exc_info=error)
    return Internal()
