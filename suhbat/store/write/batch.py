"""A batch of items for the writer, and its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import structlog

from suhbat.chat.model import Change, Post
from suhbat.errors import Busy, Internal, NotFound, StorageUnavailable, SuhbatError, log_text
from suhbat.protocol.logged_events import LoggedEvent, own_log
from suhbat.store.dialect import is_orphan

from .directs import pair_of
from .transaction import WriterTransaction

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

Unit = Callable[[WriterTransaction], T]
"""A unit of work other than a post; returns its result. It may be called more than once. Events that it appends are flushed
after it returns."""


@dataclass(slots=True, eq=False)
class Work(Generic[T]):
    """A unit of work in the writer's queue, and the future of its result."""

    run: Unit[T]
    answer: asyncio.Future[T]
    logs: frozenset[str] = frozenset()
    """Names of the logs that it probably touches; PostgreSQL locks these in one order (see `postgres.shared_committer`)."""
    quota: str | None = None
    """The user whose files it counts in order to add one. On PostgreSQL one node at a time may."""


Item = Post | Work[Any]
ItemOutcome = tuple[Item, Any]
"""An item, and for a post its Outcome, for other work its result or its exception."""


@dataclass(slots=True)
class Batch:
    """The outcome of a batch.

    `entries` and `changes` are committed and must be published. `blocked`: items whose logs another node holds; they are tried
    again before all others. `deferred`: items for which there was no time in this transaction; they are tried again after
    those. `row`: the row in the journal of the last transaction with events, on SQLite.
    """

    entries: list[LoggedEvent] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    outcomes: list[ItemOutcome] = field(default_factory=list)
    blocked: list[Item] = field(default_factory=list)
    deferred: list[Item] = field(default_factory=list)
    row: int | None = None

    def add(self, more: Batch) -> None:
        """Add the outcome of further items."""
        self.entries += more.entries
        self.changes += more.changes
        self.outcomes += more.outcomes
        self.blocked += more.blocked
        self.deferred += more.deferred
        self.row = more.row or self.row


def logs_of(item: Item) -> frozenset[str]:
    """The names of the logs to which an item probably writes."""
    if not isinstance(item, Post):
        return item.logs
    # Who writes in a thread for the first time follows it, which their own log tells.
    named = item.named if item.thread is None else (*item.named, item.actor.uid)
    names = map(own_log, named)
    return frozenset(names if item.conversation is None else (item.conversation, *names))


def direct_pair_of(item: Item) -> str | None:
    """The pair key of the direct to which a post goes by its peer; None for other items."""
    return pair_of(item.actor, item.peer) if isinstance(item, Post) and item.peer is not None else None


def busy() -> Busy:
    """The error for an item that was not written and may succeed in a second."""
    return Busy(retry_after=1, seconds=1)


def unavailable() -> StorageUnavailable:
    """The error for an item when the database is in trouble. It may have been written; repeating it is safe."""
    return StorageUnavailable(retry_after=1, seconds=1)


def refuse_all(items: Sequence[Item], error: Exception) -> list[ItemOutcome]:
    """Refuse every item, because the database is in trouble."""
    log.error("writer: database cannot be written", error=log_text(error), refused=len(items))
    return [(item, unavailable()) for item in items]


def not_found(error: Exception) -> NotFound:
    """The error for an item that belongs to something which was erased while the item waited."""
    log.info("writer: item refused, what it belongs to was deleted", error=log_text(error))
    return NotFound()


def internal_error(error: Exception) -> SuhbatError:
    """Log an unexpected exception; the error that the client receives has no detail."""
    if is_orphan(error):
        return not_found(error)
    log.error("writer: item failed unexpectedly", exc_info=error)
    return Internal()
