"""The journal and its durable cursors.

The journal has one row for each transaction that appended events. The rows name the events, and do not repeat them. Rows that
name events of the same log are in the order of their `seq`.

A durable cursor is the stored place of a reader in the journal. Whoever does something for each event after its commit reads
with a cursor of its own: the indexer of the search, and the gathering of pushes, which finds out who is to be told; and that of
webhooks. In one transaction a reader

1. opens its cursor by name, which locks it (`cursors.open_cursor`): on PostgreSQL one node at a time reads with a cursor, and
   any node can continue;
2. takes the next events, a few at a time (`Cursor.take`);
3. does its work for them in this transaction, and saves the cursor (`Cursor.save`).

So the work and the place are committed together, or neither is: each event is handled exactly once. A reader whose work is
outside of the database (a push, the request of a hook) does its work before it saves. After a crash it may do some work again,
but it leaves nothing out.

A reader reads the events as they are now, so it never sees a text that was deleted meanwhile, and events may be gone.

Rows are deleted when every cursor has passed them. A cursor that falls more than MOST rows behind is deleted, and so are all
cursors of a database that was restored or moved. Then opening it raises NoCursor. The reader looks for what it has missed, if
it can, and begins at the end of the journal (`cursors.begin`).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, insert

from .dialect import insert_new, update_rows
from .tables import cursors

FETCHED = 64
"""Rows read at once, at most."""
MOST = 1_000_000
"""Rows that may wait for a cursor, some 100 MB. A reader that fails for ever must not fill the disk."""

Range = tuple[int, int, int]
"""Consecutive events of a log: its id, the first `seq`, the last `seq`."""
JournalRow = tuple[int, dict[str, Any]]
"""A row: its id and its body."""


class NoCursor(Exception):
    """There is no cursor of this name, or it belongs to another database."""


def together(ranges: Iterable[Range]) -> list[list[int]]:
    """The ranges as lists, for the body of a row. A range that continues the one before it is joined to it."""
    found: list[list[int]] = []
    for log_id, first, last in ranges:
        if found and found[-1][0] == log_id and found[-1][2] == first - 1:
            found[-1][2] = last
        else:
            found.append([log_id, first, last])
    return found


class Cursor(ABC):
    """A durable cursor in the open transaction of its reader. `missed`: events that it takes before those of the journal."""

    def __init__(
        self, connection: Connection, name: str, after: int, passed: int, missed: Iterable[Iterable[int]]
    ) -> None:
        self._connection = connection
        self._name = name
        self._after = after
        """The id of the last row of which everything was taken."""
        self._passed = passed
        """How many events of the next row were taken."""
        self._missed = _without(0, missed)
        self._rows: deque[tuple[int, deque[Range]]] = deque()
        """Rows that were read, each with the ranges that are left to take."""
        self._fetched = 1
        """How many rows are read at once. A row has up to a thousand ranges, and what is not taken is read again for the next
        transaction; so few are read first, and more only while they have few events."""

    def take(self, most: int) -> list[Range]:
        """The next events, at most this many. Fewer mean that there are no more now."""
        taken, count = _take(self._missed, most)
        while count < most and (self._rows or self._read()):
            id_, ranges = self._rows[0]
            more, number = _take(ranges, most - count)
            taken += more
            count += number
            self._passed += number
            if not ranges:
                self._rows.popleft()
                self._after, self._passed = id_, 0
        return taken

    def save(self) -> None:
        """Store the place after everything that was taken."""
        place = (self._name, json.dumps(self._position()))
        update_rows(self._connection, cursors, ("name",), ("position",), [place], add=False)

    def add(self, *, unless_there: bool = False) -> None:
        """Store a new cursor. One of the same name is replaced, or kept (`unless_there`)."""
        row = {"name": self._name, "position": json.dumps(self._position())}
        if unless_there:
            insert_new(self._connection, cursors, [row])
            return
        self._connection.execute(delete(cursors).where(cursors.c.name == self._name))
        self._connection.execute(insert(cursors), row)

    def _read(self) -> bool:
        """Read further rows. False if there are none."""
        skipped = self._passed  # of the first row
        for id_, body in self._fetch(self._after, self._fetched):
            # Rows of older nodes name no events: their messages were indexed in the transaction of the send.
            self._rows.append((id_, _without(skipped, body.get("events", ()))))
            skipped = 0
        if sum(len(ranges) for _, ranges in self._rows) < FETCHED:
            self._fetched = min(2 * self._fetched, FETCHED)
        return bool(self._rows)

    @abstractmethod
    def _fetch(self, after: int, count: int) -> list[JournalRow]:
        """The next rows, with ids above `after`, in their order, at most so many; [] at the end."""

    @abstractmethod
    def _position(self) -> list[Any]:
        """The place, as JSON."""


def _take(ranges: deque[Range], most: int) -> tuple[list[Range], int]:
    """Take at most so many events from these ranges; also returns how many."""
    taken: list[Range] = []
    count = 0
    while ranges and count < most:
        log_id, first, last = ranges.popleft()
        upto = min(last, first + most - count - 1)
        taken.append((log_id, first, upto))
        count += upto - first + 1
        if upto < last:
            ranges.appendleft((log_id, upto + 1, last))
    return taken, count


def _without(skipped: int, ranges: Iterable[Iterable[int]]) -> deque[Range]:
    """The ranges without their first events."""
    left: deque[Range] = deque()
    for log_id, first, last in ranges:
        cut = min(skipped, last - first + 1)
        skipped -= cut
        if first + cut <= last:
            left.append((log_id, first + cut, last))
    return left
