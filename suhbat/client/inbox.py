"""What happened and waits for the application: a bounded buffer between the socket and `async for`."""

from __future__ import annotations

import asyncio
from collections import deque

from .frames import Happening

OVERFLOW = 8
"""How many times its size the buffer may grow while answers are awaited (see `Connection`)."""


class Inbox:
    """Filled by the connection, emptied by one reader at a time. `relief` is set whenever something is taken.

    A program that only writes never reads: until somebody begins to, a full buffer is thrown away and begun anew, which
    `begin` tells.
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
        """The reader is slow: read no more from the socket."""
        return self._reading and len(self._items) >= self._size

    @property
    def full(self) -> bool:
        """The reader is slow and what it awaits is far behind other things: apply no more events."""
        return self._reading and len(self._items) >= self._size * OVERFLOW

    def begin(self) -> bool:
        """Somebody reads from now on. True: something was thrown away, so all was, and a snapshot has to come first."""
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
        """Nothing more will come: the reader gets what is still here, then `error`, or just the iteration's end."""
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
