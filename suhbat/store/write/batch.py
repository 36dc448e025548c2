"""A batch: what is on its way to the writer, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import structlog

from suhbat.chat.model import Change, Post
from suhbat.errors import Busy, Internal, StorageUnavailable, SuhbatError
from suhbat.protocol.events import LogEntry, own_log

from .directs import pair_of
from .transaction import WriterTransaction

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

Unit = Callable[[WriterTransaction], T]
"""Something to write that is no post: gives its result. Must be repeatable. What it appended is flushed after it."""


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


def logs_of(item: Item) -> frozenset[str]:
    """The names of the logs that an item is likely to write to."""
    if not isinstance(item, Post):
        return item.logs
    names = map(own_log, item.named)
    return frozenset(names if item.conversation is None else (item.conversation, *names))


def direct_of(item: Item) -> str | None:
    """The pair of the direct that an item writes to by the names of its people."""
    return pair_of(item.actor, item.peer) if isinstance(item, Post) and item.peer is not None else None


def busy() -> Busy:
    """What is told when nothing was written and the same may work in a second."""
    return Busy(retry_after=1, seconds=1)


def unavailable() -> StorageUnavailable:
    """What is told when the database gives trouble. Mostly nothing was written; whoever repeats it is safe."""
    return StorageUnavailable(retry_after=1, seconds=1)


def refused(items: Sequence[Item], error: Exception) -> list[Told]:
    """All of them, because of trouble with the database."""
    log.error("the database cannot be written to", error=str(error), refused=len(items))
    return [(item, unavailable()) for item in items]


def fault(error: Exception) -> SuhbatError:
    """What is told of a fault of ours."""
    log.error("something could not be written", exc_info=error)
    return Internal()
