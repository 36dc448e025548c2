"""A TCP relay on loopback that can disturb connections and distribute them over several servers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Literal

Way = Literal["open", "refused", "silent", "slow", "halved"]
CHUNK = 65_536
SLOW_CHUNK, SLOW_SECONDS = 4_096, 0.1


class Relay:
    """The `way` of all connections. `open`: everything passes. `refused`: open connections are reset, and new ones too.
    `silent`: bytes vanish, as with an unplugged cable. `slow`: 40 KB a second. `halved`: half of the next chunk passes,
    then a reset.

    New connections go to the `targets` (ports) in turn. Targets that cannot be reached are skipped.

    `marks`: where a connection to a target stops, in bytes that passed to all of them, in ascending order. What is given with
    the number is called and awaited there, and then that connection is reset.
    """

    def __init__(self, *targets: int) -> None:
        self.targets: Sequence[int] = targets
        self.way: Way = "open"
        self.port = 0
        self.marks: list[tuple[int, Callable[[], Awaitable[None]]]] = []
        self.passed = 0
        """Bytes that passed to the targets."""
        self._turns = itertools.count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._turn("refused")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn(self, way: Way) -> None:
        """Change the way from now on. May be called from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._turn, way)

    def _turn(self, way: Way) -> None:
        self.way = way
        if way == "refused":
            for writer in self._open:
                writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.way == "refused":
            writer.transport.abort()
            return
        reached = await self._reach()
        if reached is None:
            writer.transport.abort()
            return
        there_reader, there_writer = reached
        self._open |= {writer, there_writer}
        both = (writer, there_writer)
        ways = [self._carry(reader, there_writer, both, count=True), self._carry(there_reader, writer, both)]
        tasks = [asyncio.create_task(way) for way in ways]
        self._tasks.update(tasks)
        await asyncio.wait(tasks)
        self._tasks.difference_update(tasks)
        self._open -= {writer, there_writer}

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        first = next(self._turns)
        for number in range(len(self.targets)):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.targets[(first + number) % len(self.targets)])
        return None

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        both: Sequence[asyncio.StreamWriter],
        *,
        count: bool = False,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(SLOW_CHUNK if self.way == "slow" else CHUNK):
                if self.way == "silent":
                    continue
                if self.way == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                half = self.way == "halved"
                writer.write(data[: len(data) // 2] if half else data)
                await writer.drain()
                self.passed += len(data) if count else 0
                if count and self.marks and self.passed >= self.marks[0][0]:
                    await self.marks.pop(0)[1]()
                    half = True
                if half:
                    for end in both:
                        end.transport.abort()
        with suppress(OSError):
            writer.close()
