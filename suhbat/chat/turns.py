"""Limits for concurrent reads: of each user some run, some wait, and more are refused as busy.

Without them one user with many concurrent requests would occupy all readers of the store. All guests of one address together
have a limit too, because guests cost nothing to make.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from suhbat.errors import Busy

AGAIN_SECONDS = 1.0
"""`retry_after` of a refused read."""


@dataclass(slots=True)
class _Line:
    """The reads of one key."""

    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Turns:
    """For each key, `at_once` may run and `waiting` more may wait, first come, first served."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once = at_once
        self._most = waiting
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        """The number of keys in use."""
        return len(self._lines)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Hold this while reading. Raises Busy if too many are waiting."""
        line = self._lines.setdefault(key, _Line())
        if line.running < self._at_once:
            line.running += 1
        elif len(line.waiting) >= self._most:
            raise Busy(retry_after=AGAIN_SECONDS, seconds=AGAIN_SECONDS)
        else:
            await self._wait(key, line)
        try:
            yield
        finally:
            self._leave(key, line)

    async def _wait(self, key: str, line: _Line) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                line.waiting.remove(mine)
            else:
                self._leave(key, line)  # cancelled just when its turn had come
            raise

    def _leave(self, key: str, line: _Line) -> None:
        if line.waiting:
            line.waiting.popleft().set_result(None)  # which takes over the place of this one
            return
        line.running -= 1
        if not line.running and self._lines.get(key) is line:
            del self._lines[key]


class ExportPace:
    """Slows exports down: one page at a time for the whole node, followed by a pause as long as the page took. All exports
    together therefore take at most half of the interpreter's time."""

    def __init__(self, rest: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._rest = rest
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold this while a page is read and encoded, but not while it is sent: a slow client must not stop other exports."""
        async with self._one:
            began = asyncio.get_running_loop().time()
            yield
            await self._rest(asyncio.get_running_loop().time() - began)


class Reads:
    """The limits of one node. `uid`: "" if unknown. `address`: that of a guest or an unknown client, "" if it does not
    count."""

    def __init__(self) -> None:
        self._users, self._addresses = Turns(4, 16), Turns(16, 128)
        self._slow_users, self._slow_addresses, self._slow = Turns(2, 6), Turns(4, 12), Turns(8, 32)
        self._exports, self._exports_of_addresses = Turns(2, 0), Turns(4, 0)
        self._bodies, self._bodies_of_addresses = Turns(16, 48), Turns(32, 96)
        self.export_pace = ExportPace()

    @asynccontextmanager
    async def quick(self, uid: str, address: str = "") -> AsyncIterator[None]:
        """Hold this while reading a page, a list or a state. Raises Busy."""
        async with AsyncExitStack() as stack:
            if uid:
                await stack.enter_async_context(self._users.turn(uid))
            if address:
                await stack.enter_async_context(self._addresses.turn(address))
            yield

    @asynccontextmanager
    async def slow(self, uid: str, address: str = "") -> AsyncIterator[None]:
        """Hold this during a search. Raises Busy."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._slow_users.turn(uid))
            if address:
                await stack.enter_async_context(self._slow_addresses.turn(address))
            await stack.enter_async_context(self._slow.turn("everybody"))
            yield

    @asynccontextmanager
    async def export(self, uid: str, address: str = "") -> AsyncIterator[None]:
        """Hold this until an export is written. Raises Busy."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._exports.turn(uid))
            if address:
                await stack.enter_async_context(self._exports_of_addresses.turn(address))
            yield

    @asynccontextmanager
    async def body(self, uid: str, address: str = "") -> AsyncIterator[None]:
        """Hold this while the body of an upload comes, which takes as long as its client likes. Raises Busy."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._bodies.turn(uid))
            if address:
                await stack.enter_async_context(self._bodies_of_addresses.turn(address))
            yield
