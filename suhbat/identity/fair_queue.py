"""A bounded fair queue: clients with many requests wait for themselves, not in front of clients with few."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Waiting items by client (`key`), at most `limit` in all. Keys take turns; the items of one key keep their order."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[str, deque[T]] = {}
        """In the order in which the keys have their turn."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, key: str, item: T) -> T | None:
        """Add an item. If the queue is full, returns the item that was displaced: the newest of the key with the most items,
        which may be this one."""
        displaced: T | None = None
        if self._count >= self._limit:
            longest = max(self._waiting, key=lambda one: len(self._waiting[one]), default=None)
            if longest is None or len(self._waiting.get(key, ())) + 1 >= len(self._waiting[longest]):
                return item
            displaced = self._waiting[longest].pop()
            self._count -= 1
        self._waiting.setdefault(key, deque()).append(item)
        self._count += 1
        return displaced

    def pop(self) -> T | None:
        """The item whose turn it is; None if the queue is empty."""
        for key in self._waiting:
            items = self._waiting.pop(key)
            item = items.popleft()
            if items:
                self._waiting[key] = items  # at the end of the line
            self._count -= 1
            return item
        return None
