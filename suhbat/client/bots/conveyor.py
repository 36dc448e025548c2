"""Who works when: events of one conversation one after the other, those of different conversations at once, up to a bound."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Conveyor(Generic[T]):
    """Calls `handle` for each item. Items with the same key are handled in order, one at a time; of different keys `at_once`
    at the same time. At most `waiting` items wait; then `put` does, too, so the server keeps what follows.

    `handle` raises nothing. Items that have waited longest go first."""

    def __init__(self, handle: Callable[[T], Awaitable[None]], *, at_once: int, waiting: int) -> None:
        self._handle = handle
        self._at_once = at_once
        self._most_waiting = waiting
        self._waiting = 0
        self._lines: dict[str, deque[T]] = {}  # also of the keys that are being handled
        self._ready: deque[str] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._working = 0
        self._room = asyncio.Event()
        self._closed = False

    async def put(self, key: str, item: T) -> None:
        while self._waiting >= self._most_waiting:
            self._room.clear()
            await self._room.wait()
        if self._closed:
            return
        self._waiting += 1
        if key in self._lines:
            self._lines[key].append(item)
            return
        self._lines[key] = deque([item])
        self._ready.append(key)
        if self._working < self._at_once:
            self._working += 1
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def close(self, seconds: float) -> int:
        """Begin nothing more, and wait so long for what is being handled; then break it off. Gives how many were."""
        self._closed = True
        self._ready.clear()
        workers = list(self._workers)
        if not workers:
            return 0
        _, late = await asyncio.wait(workers, timeout=seconds)
        await self.abort()
        return len(late)

    async def abort(self) -> None:
        """Break off everything at once."""
        self._closed = True
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._ready and not self._closed:
                await self._next()
        finally:
            self._working -= 1

    async def _next(self) -> None:
        key = self._ready.popleft()
        item = self._lines[key].popleft()
        self._waiting -= 1
        self._room.set()
        await self._handle(item)
        if self._lines[key]:
            self._ready.append(key)
        else:
            del self._lines[key]
