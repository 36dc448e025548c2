"""A write to many connections that goes out a few at a time, so that the loop is free for others in between."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .connection import Connection

AT_ONCE = 128
"""Connections that are written to in one turn of the loop: half a millisecond."""

Write = Callable[[Collection[Connection]], list[Connection]]
"""Writes to these connections. Returns those that are congested and are now behind."""


class PartialFlush:
    """What one flush of a channel still has to write. `log`: the channel's. `before`: the last `seq` written to those who wait,
    if they are live."""

    __slots__ = ("_left", "_next", "_order", "_write", "before", "log")

    def __init__(self, log: str, before: int, connections: Collection[Connection], write: Write) -> None:
        self.log = log
        self.before = before
        self._order = list(connections)
        self._next = 0
        self._left: set[Connection] | None = None
        """Those who wait. Made when it is asked for one of them: most writes are finished before."""
        self._write = write

    def __bool__(self) -> bool:
        return self._next < len(self._order)

    def __contains__(self, connection: Connection) -> bool:
        if self._left is None:
            self._left = set(self._order[self._next :])
        return connection in self._left

    def write(self, most: int | None = None) -> list[Connection]:
        """Write to the next connections, or to all."""
        some = self._order[self._next : None if most is None else self._next + most]
        self._next += len(some)
        if self._left is not None:
            some = [connection for connection in some if connection in self._left]
            self._left.difference_update(some)
        return self._write(some)

    def write_to(self, connection: Connection) -> list[Connection]:
        """Write to this one, if it still waits."""
        if connection not in self:
            return []
        assert self._left is not None
        self._left.discard(connection)
        return self._write((connection,))
