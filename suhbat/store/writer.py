"""The group-commit writer of SQLite: one thread, one transaction for everything that is queued.

While one transaction commits the next batch gathers; a lone message waits for nobody. What was accepted is never
cancelled; who waits for it may be. Everything that is told is told on the event loop, once a batch.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from suhbat.chat.model import Committed, Outcome, Post, Sent
from suhbat.errors import Busy, Internal, SuhbatError
from suhbat.protocol.events import LogEntry

from . import batch
from .dialect import is_trouble
from .errors import StoreUnavailable
from .known import Known

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

LARGEST_BATCH = 1_024
QUEUE_LIMIT = 10_000
"""Posts that may wait; above it they are refused as Busy."""

Unit = Callable[[Connection, Known], tuple[T, list[LogEntry]]]
"""Something else to write: gives its result, and the events to publish. Must be repeatable."""


@dataclass(slots=True, eq=False)
class _Work(Generic[T]):
    run: Unit[T]
    answer: asyncio.Future[T]


_Item = Post | _Work[Any]
_Told = tuple[_Item, Any]
"""An item and its outcome: for a post an Outcome, for other work the result or the exception."""


class Writer:
    """Owns the writing connection. `start` and everything but the thread's own part belong to the event loop.

    `committed` is told the events of each batch, in log order, before the `done`s of its posts.
    """

    def __init__(self, engine: Engine, known: Known, committed: Committed, *, limit: int = QUEUE_LIMIT) -> None:
        self._engine = engine
        self._known = known
        self._committed = committed
        self._limit = limit
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._main, name="suhbat-writer", daemon=True)
        self._connection: Connection | None = None
        self._waiting = 0
        self._closing = False
        self._failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def check(self) -> None:
        """Raise StoreUnavailable if the thread is gone."""
        if self._failure is not None:
            raise StoreUnavailable(
                "the writer of the database has died, see the log; restart Suhbat"
            ) from self._failure
        if self._closing:
            raise StoreUnavailable("the store is closed")

    def post(self, post: Post) -> None:
        """Queue a post. Its `done` is always called later, never from here."""
        if self._failure is not None:
            self._loop.call_soon(post.done, Internal())
        elif self._closing or self._waiting >= self._limit:
            self._loop.call_soon(post.done, _busy())
        else:
            self._waiting += 1
            self._queue.put(post)

    def work(self, run: Unit[T]) -> Awaitable[T]:
        """Run something in the writer's thread, in a savepoint of the batch's transaction. Done when committed.

        Cancelling who waits does not cancel it. Raises what `run` raised, Busy, or StoreUnavailable.
        """
        self.check()
        answer: asyncio.Future[T] = self._loop.create_future()
        answer.add_done_callback(_seen)
        self._queue.put(_Work(run, answer))
        return asyncio.shield(answer)

    async def close(self) -> None:
        """Write what was accepted, then stop. Idempotent. Does not close the engine."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        await asyncio.shield(self._ended)

    # In the thread.

    def _main(self) -> None:
        failure: BaseException | None = None
        try:
            while items := self._gather():
                self._on_loop(self._tell, *self._write(items))
        except BaseException as error:  # whoever owns the loop must hear of it, whatever it is
            failure = error
        finally:
            if self._connection is not None:
                self._connection.close()
        self._on_loop(self._end, failure)

    def _gather(self) -> list[_Item]:
        """Everything queued, at least one; [] when it is time to stop."""
        items: list[_Item] = []
        item = self._queue.get()
        while item is not None:
            items.append(item)
            if len(items) == LARGEST_BATCH:
                return items
            try:
                item = self._queue.get_nowait()
            except Empty:
                return items
        if items:
            self._queue.put(None)  # the sign to stop came last: nothing is accepted after it
        return items

    def _write(self, items: Sequence[_Item]) -> tuple[list[LogEntry], list[_Told]]:
        """The batch in one transaction; if that fails for another reason than the database, each item in its own."""
        self._known.trim()
        try:
            return self._attempt(items, again=False)
        except Exception as error:
            if is_trouble(error):
                log.error("the database cannot be written to", error=str(error), refused=len(items))
                return [], [(item, _busy()) for item in items]
            if len(items) == 1:
                return [], [(items[0], self._fault(error))]
        entries: list[LogEntry] = []
        told: list[_Told] = []
        for item in items:
            try:
                more_entries, more_told = self._attempt([item], again=True)
            except Exception as error:
                told.append((item, _busy() if is_trouble(error) else self._fault(error)))
            else:
                entries += more_entries
                told += more_told
        return entries, told

    def _attempt(self, items: Sequence[_Item], *, again: bool) -> tuple[list[LogEntry], list[_Told]]:
        """All items in one transaction; returns when they are on disk. Raises after everything was rolled back."""
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        entries: list[LogEntry] = []
        told: list[_Told] = []
        try:
            transaction = connection.begin()
            for is_post, run in groupby(items, key=_is_post):
                if is_post:
                    posts = [item for item in run if isinstance(item, Post)]
                    written = batch.write(connection, posts, self._known, again=again)
                    entries += written.entries
                    told += zip(posts, written.outcomes, strict=True)
                else:
                    for item in run:
                        assert isinstance(item, _Work)
                        told.append((item, self._work(connection, item, entries)))
        except BaseException:
            self._drop_connection()
            raise
        try:
            transaction.commit()
        except BaseException as error:
            self._drop_connection()
            if not self._is_committed(told):
                raise
            log.warning("COMMIT failed, yet the batch is in the database", error=str(error))
        return entries, told

    def _work(self, connection: Connection, item: _Work[Any], entries: list[LogEntry]) -> Any:
        savepoint = connection.begin_nested()
        try:
            result, more = item.run(connection, self._known)
        except Exception as error:
            if is_trouble(error):
                raise
            savepoint.rollback()
            self._known.clear()
            return error
        savepoint.commit()
        entries += more
        return result

    def _drop_connection(self) -> None:
        """Whatever state the connection is in, closing it rolls back; a new one is opened when needed."""
        self._known.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _is_committed(self, told: Sequence[_Told]) -> bool:
        """Whether a transaction of unknown outcome is in the database: it is atomic, so one key tells for all."""
        for item, outcome in told:
            if isinstance(item, Post) and isinstance(outcome, Sent) and not outcome.duplicate:
                with self._engine.connect() as connection, connection.begin():
                    return batch.is_written(connection, item)
        return False

    def _fault(self, error: Exception) -> SuhbatError:
        log.error("something could not be written", exc_info=error)
        return Internal()

    def _on_loop(self, tell: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(tell, *arguments)
        except RuntimeError:
            log.warning("the event loop was closed before the writer; what was accepted is written")

    # On the event loop.

    def _tell(self, entries: list[LogEntry], told: list[_Told]) -> None:
        if entries:
            try:
                self._committed(entries)
            except Exception:
                log.exception("events are stored but could not be published")
        for item, outcome in told:
            self._answer(item, outcome)

    def _answer(self, item: _Item, outcome: Any) -> None:
        if isinstance(item, Post):
            self._waiting -= 1
            _call(item.done, outcome)
        elif item.answer.done():
            pass
        elif isinstance(outcome, Exception):
            item.answer.set_exception(outcome)
        else:
            item.answer.set_result(outcome)

    def _end(self, failure: BaseException | None) -> None:
        if failure is not None:
            log.critical("the writer of the database has died", exc_info=failure)
            self._failure = failure
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is not None:
                self._answer(item, Internal())
        if not self._ended.done():
            self._ended.set_result(None)


def _is_post(item: _Item) -> bool:
    return isinstance(item, Post)


def _busy() -> Busy:
    return Busy(retry_after=1, seconds=1)


def _call(done: Callable[[Outcome], None], outcome: Outcome) -> None:
    """One `done` that fails must not keep the others from theirs."""
    try:
        done(outcome)
    except Exception:
        log.exception("an answer could not be delivered")


def _seen(answer: asyncio.Future[Any]) -> None:
    """An exception that nobody waits for any more is no news."""
    if not answer.cancelled():
        answer.exception()
