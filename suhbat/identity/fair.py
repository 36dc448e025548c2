"""A bounded line that is fair: those who ask for much wait for themselves, and do not keep out those who ask for little."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairLine(Generic[T]):
    """What waits, by who asks (`key`), at most `limit` in all. Keys take turns; what one key asks for keeps its order."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[str, deque[T]] = {}
        """In the order in which their turn comes."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, key: str, item: T) -> T | None:
        """Let it wait. Gives back what must go for that, if the line is full: the newest of whoever has the most waiting
        there, which may be this one."""
        displaced: T | None = None
        if self._count >= self._limit:
            crowd = max(self._waiting, key=lambda one: len(self._waiting[one]), default=None)
            if crowd is None or len(self._waiting.get(key, ())) + 1 >= len(self._waiting[crowd]):
                return item
            displaced = self._waiting[crowd].pop()
            self._count -= 1
        self._waiting.setdefault(key, deque()).append(item)
        self._count += 1
        return displaced

    def pop(self) -> T | None:
        """Whose turn it is; None where nothing waits."""
        for key in self._waiting:
            items = self._waiting.pop(key)
            item = items.popleft()
            if items:
                self._waiting[key] = items  # behind the others
            self._count -= 1
            return item
        return None
