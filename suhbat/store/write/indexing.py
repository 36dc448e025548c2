"""Feeds the index of the search, and lets searches wait until it has what they must find."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import structlog

from suhbat.errors import log_text
from suhbat.store.dialect import is_trouble

from .committer import Committer
from .index_schedule import IndexSchedule

log = structlog.get_logger("suhbat.store")

REACHED_SECONDS = 1.0
"""How long a search waits for the index, at most. Then it finds what is indexed."""
SLICE_SECONDS = 0.006
"""How long the index is fed between two batches: posts wait for it. Each slice costs a transaction and a flush: with slices of
2 ms all sends together were a fifth slower. After a batch that took longer it may take as long as that,
so that the index keeps up with any load; but at most LONGEST_SLICE_SECONDS."""
LONGEST_SLICE_SECONDS = 0.02
IDLE_SLICE_SECONDS = 0.02
"""The same while there is nothing else to do. A post that arrives ends it."""
LAST_SECONDS = 0.5
"""The same when the store closes. What is left is indexed after the next start."""


class Indexing(ABC):
    """The index of a store that is open. Make it on the event loop."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self.schedule = IndexSchedule(steady)
        self._steady = steady
        self._loop = asyncio.get_running_loop()
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        """Searches, each with the transaction that it must find; in the order of these. Only the event loop changes it."""
        self._wanted_upto = 0
        """The highest of these."""
        self._singly = False
        """Whether the last attempt failed because of some message: then they are indexed one by one, without that."""

    async def reached(self) -> None:
        """Wait until the index has every message that was acknowledged before this call, for at most REACHED_SECONDS. On the
        event loop."""
        number = self._wanted()
        if number <= self.schedule.indexed_upto:
            return
        reached = self._loop.create_future()
        self._waiters.append((number, reached))
        self._wanted_upto = number
        self.schedule.hurry()  # after the number is there: whoever ends the hurry looks for it then
        self._wake()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(reached, REACHED_SECONDS)
        finally:
            self._answer_waiters()

    @abstractmethod
    def _wanted(self) -> int:
        """The transaction up to which everything must be indexed for a search that is asked now."""

    @abstractmethod
    def _wake(self) -> None:
        """Let the thread look at the schedule now. On the event loop."""

    def _fed(self, upto: int, *, is_done: bool) -> None:
        """See `IndexSchedule.fed`. Also answers the searches that need no more than that. In the thread."""
        self.schedule.fed(upto, is_done=is_done)
        if is_done:
            self._singly = False
        if self._wanted_upto > self.schedule.indexed_upto:
            self.schedule.hurry()  # a search was asked while the thread was at work
        if self._waiters:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._answer_waiters)

    def _failed(self, error: Exception) -> None:
        log.error("search: index not fed, trying again", error=log_text(error))
        self._singly = not is_trouble(error)
        self.schedule.failed()

    def _answer_waiters(self) -> None:
        """Answer the searches that find everything now, and forget those that wait no more. On the event loop."""
        while self._waiters and (self._waiters[0][0] <= self.schedule.indexed_upto or self._waiters[0][1].done()):
            _, reached = self._waiters.popleft()
            if not reached.done():
                reached.set_result(None)


class IndexingBetweenBatches(Indexing):
    """Feeds the index in the writer's thread, between its batches. `wake`: see `Indexing._wake`."""

    def __init__(
        self, transactions: Committer, wake: Callable[[], None], steady: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(steady)
        self._transactions = transactions
        self._wake_writer = wake

    def _wanted(self) -> int:
        return self.schedule.committed_upto

    def _wake(self) -> None:
        self._wake_writer()

    def committed(self, row: int) -> None:
        """A batch was committed with this row of the journal. In the writer's thread, before anybody is told."""
        self.schedule.committed(row)

    def between(self, seconds: float) -> None:
        """A batch was written in this time. In the writer's thread."""
        if self.schedule.is_late():
            until = self._steady() + min(max(SLICE_SECONDS, seconds), LONGEST_SLICE_SECONDS)
            self._feed(lambda: self._steady() < until)

    def idle(self) -> None:
        """There is nothing to write. In the writer's thread."""
        if self.schedule.delay() == 0:
            until = self._steady() + IDLE_SLICE_SECONDS
            self._feed(lambda: self._steady() < until and not self._transactions.more)

    def finish(self) -> None:
        """The last call. In the writer's thread."""
        until = self._steady() + LAST_SECONDS
        while self.schedule.delay() is not None and self._steady() < until:
            self._feed(lambda: self._steady() < until)

    def _feed(self, goes_on: Callable[[], bool]) -> None:
        try:
            is_done = self._transactions.feed_index(goes_on, singly=self._singly)
        except Exception as error:
            self._failed(error)
            with suppress(Exception):  # of the same kind: it was logged
                self._transactions.prune_journal()
        else:
            self._fed(self.schedule.committed_upto, is_done=is_done)
