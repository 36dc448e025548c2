"""Open connections that wait for their next request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

MOST_IDLE = 32
"""Connections that wait, to all hosts."""
IDLE_SECONDS = 20.0
"""For how long one waits. Push services close theirs after a minute or more."""
USED_SECONDS = 300.0
"""How old a connection may be: then the name of its host is looked up anew."""


class OpenConnection(NamedTuple):
    """An open connection. `opened`: when, on the clock of the loop."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    opened: float


class IdleConnections:
    """Connections by the origin that they were opened for. Each is read from while it waits: when the host closes it, or sends
    what nobody asked for, it is closed here, too."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[bytes], tuple[str, OpenConnection]] = {}
        """In the order in which they began to wait."""

    def __len__(self) -> int:
        return len(self._waiting)

    async def take(self, origin: str) -> OpenConnection | None:
        """A connection to this origin, which is now the caller's; None if there is none."""
        while (
            found := next((task for task, (of, _) in reversed(self._waiting.items()) if of == origin), None)
        ) is not None:
            _, streams = self._waiting.pop(found)
            found.cancel()
            await asyncio.wait([found])
            # What came at the moment of the cancellation is still in the reader, and would be taken for an answer.
            if found.cancelled() and not _has_input(streams.reader):
                return streams
            streams.writer.transport.abort()
        return None

    def keep(self, origin: str, streams: OpenConnection) -> None:
        """Let a connection wait, of whose last answer nothing is left to read."""
        loop = asyncio.get_running_loop()
        if loop.time() - streams.opened > USED_SECONDS:
            streams.writer.transport.abort()
            return
        task = asyncio.ensure_future(streams.reader.read(1))
        self._waiting[task] = (origin, streams)
        timer = loop.call_later(IDLE_SECONDS, self._drop, task)
        task.add_done_callback(self._ended(timer))
        if len(self._waiting) > MOST_IDLE:
            self._drop(next(iter(self._waiting)))

    def close(self) -> None:
        """Close all that wait."""
        for task in list(self._waiting):
            self._drop(task)

    def _drop(self, task: asyncio.Task[bytes]) -> None:
        waiting = self._waiting.pop(task, None)
        if waiting is not None:
            task.cancel()
            waiting[1].writer.transport.abort()

    def _ended(self, timer: asyncio.TimerHandle) -> Callable[[asyncio.Task[bytes]], None]:
        def ended(task: asyncio.Task[bytes]) -> None:
            timer.cancel()
            task.cancelled() or task.exception()
            self._drop(task)

        return ended


def _has_input(reader: asyncio.StreamReader) -> bool:
    """Whether bytes, or the end, have come that nobody has read. Reads some of them."""
    reading = reader.read(1)
    try:
        reading.send(None)  # without a turn of the loop, in which something could come
    except (StopIteration, OSError):
        return True
    finally:
        reading.close()
    return False
