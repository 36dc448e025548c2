"""A bounded buffer of happenings between the socket and the application's `async for`."""

from __future__ import annotations

import asyncio
from collections import deque

from .frames import Happening

OVERFLOW = 8
"""How many times its size the buffer may grow while commands await their reply (see `ConnectionTasks`)."""


class Inbox:
    """Filled by the connection, emptied by one reader at a time. `relief` is set whenever an item is taken.

    A program that only sends never reads. Until a reader begins, a full buffer is discarded and started anew; `begin` reports
    that.
    """

    def __init__(self, size: int, relief: asyncio.Event) -> None:
        self._size = size
        self._relief = relief
        self._items: deque[Happening] = deque()
        self._more = asyncio.Event()
        self._reading = False
        self._thrown_away = False
        self._ended = False
        self._error: BaseException | None = None

    @property
    def crowded(self) -> bool:
        """The reader is slow: stop reading the socket."""
        return self._reading and len(self._items) >= self._size

    @property
    def full(self) -> bool:
        """The reader is slow, and the reply it awaits is far behind other frames: apply no more events."""
        return self._reading and len(self._items) >= self._size * OVERFLOW

    def begin(self) -> bool:
        """A reader begins. True: items were discarded; now all are, and a snapshot must be put first."""
        thrown_away, self._thrown_away = self._thrown_away, False
        if thrown_away:
            self._items.clear()
        self._reading = True
        return thrown_away

    def put(self, happening: Happening) -> None:
        if not self._reading and len(self._items) >= self._size:
            self._items.clear()
            self._thrown_away = True
        self._items.append(happening)
        self._more.set()

    def end(self, error: BaseException | None) -> None:
        """Nothing more will come. The reader gets the remaining items, then `error`, or the end of the iteration."""
        self._ended, self._error = True, error
        self._more.set()

    def __aiter__(self) -> Inbox:
        return self

    async def __anext__(self) -> Happening:
        while not self._items:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._more.clear()
            await self._more.wait()
        self._relief.set()
        return self._items.popleft()
