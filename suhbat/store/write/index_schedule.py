"""When the index is fed: in larger pieces than a batch, in pauses of the writer if there are any, and soon enough for a reader
not to notice."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

IDLE_SECONDS = 0.2
"""How old the oldest message that is not indexed becomes while nothing else is to be done. Messages that follow each other one
by one are then indexed together: each of them alone would need a second transaction."""
LATE_SECONDS = 0.3
"""How old it becomes while there is other work."""
FAILED_SECONDS = 1.0
"""The pause after a failure."""
REMEMBERED = 10_000
"""Transactions remembered with their times; further ones count as as old as the last of these."""


class IndexSchedule:
    """Which of the committed transactions are indexed. `steady`: a clock in seconds that never goes back.

    A transaction is named by a number, which ascends. At a start it is not known whether anything is left to index.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._waiting: deque[tuple[int, float]] = deque()
        """The transactions that are not indexed, with the times of their commits."""
        self._not_before = -math.inf
        self._is_urgent = True
        self.committed_upto = 0
        """The last committed transaction."""
        self.indexed_upto = -1
        """The last transaction that is indexed, and all before it."""

    @property
    def lag(self) -> float:
        """For how many seconds the oldest message has been waiting for the index."""
        return self._steady() - self._waiting[0][1] if self._waiting else 0.0

    def committed(self, number: int) -> None:
        """A transaction with events was committed."""
        self.committed_upto = number
        if len(self._waiting) < REMEMBERED:
            self._waiting.append((number, self._steady()))

    def hurry(self) -> None:
        """A search waits for the index."""
        self._is_urgent = True

    def delay(self) -> float | None:
        """In how many seconds the index should be fed if nothing else is to be done; None if there is nothing to index."""
        if self._is_urgent:
            due = self._not_before
        elif self._waiting:
            due = max(self._waiting[0][1] + IDLE_SECONDS, self._not_before)
        else:
            return None
        return max(due - self._steady(), 0.0)

    def is_late(self) -> bool:
        """Whether the index should be fed although there is other work."""
        now = self._steady()
        late = self._is_urgent or (bool(self._waiting) and now - self._waiting[0][1] >= LATE_SECONDS)
        return late and now >= self._not_before

    def fed(self, upto: int, *, is_done: bool) -> None:
        """The index was fed. `is_done`: everything up to this transaction is indexed."""
        if is_done:
            self.indexed_upto = upto
            self._is_urgent = False
            while self._waiting and self._waiting[0][0] <= upto:
                self._waiting.popleft()

    def failed(self, seconds: float | None = None) -> None:
        """The index could not be fed. It is tried again after these seconds, or FAILED_SECONDS."""
        self._not_before = self._steady() + (FAILED_SECONDS if seconds is None else seconds)
