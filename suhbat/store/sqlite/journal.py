"""The journal on SQLite. Ids of rows ascend in the order of the commits, because there is one writer.

SQLite gives a new row the highest id and one more. So that no id is given twice, the last row is never deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Connection, delete, func, select

from suhbat.store.journal import MOST, Cursor, JournalRow, NoCursor, Range, together
from suhbat.store.tables import cursors, journal

from . import values

PRUNED = 1_000
"""Rows deleted at once, at most: a send waits for this."""


def write(connection: Connection, ranges: Iterable[Range]) -> int:
    """Write the row of the present transaction. Returns its id."""
    body = _encode({"events": together(ranges)})
    return values.execute(connection, "INSERT INTO journal (body) VALUES (?)", (body,)).lastrowid or 0


_encode = json.JSONEncoder(separators=(",", ":")).encode


def last_id(connection: Connection) -> int:
    """The id of the last row; 0 if none was ever written."""
    return cast(int | None, values.fetch(connection, "SELECT max(id) FROM journal")[0][0]) or 0


def open_cursor(connection: Connection, name: str, *, waits: bool = False) -> SqliteCursor:
    """See `cursors.open_cursor`. The one writer is the one reader, so there is nothing to lock."""
    found = values.fetch(connection, "SELECT position FROM cursors WHERE name = ?", (name,))
    if not found:
        raise NoCursor(name)
    after, passed, missed = json.loads(found[0][0])
    if after > last_id(connection):  # the journal was emptied by other hands: its new rows would be passed
        raise NoCursor(name)
    return SqliteCursor(connection, name, after, passed, missed)


def makes(connection: Connection, name: str, *, waits: bool) -> bool:
    """See `cursors.makes`. There is one writer."""
    return True


def is_behind(connection: Connection, name: str) -> bool:
    """See `cursors.is_behind`."""
    found = values.fetch(connection, "SELECT position FROM cursors WHERE name = ?", (name,))
    return bool(found) and last_id(connection) > int(json.loads(found[0][0])[0])


END = func.coalesce(select(func.max(journal.c.id)).scalar_subquery(), 0)
"""See `cursors.end`."""


def new_cursor(connection: Connection, name: str, end: int, missed: Iterable[Range]) -> SqliteCursor:
    return SqliteCursor(connection, name, end, 0, missed)


def prune(connection: Connection) -> None:
    """Delete some of the rows that every cursor has passed. Delete cursors that are too far behind."""
    last = last_id(connection)
    lowest = last
    for name, position in values.fetch(connection, "SELECT name, position FROM cursors"):
        after = json.loads(position)[0]
        if after < last - MOST:
            connection.execute(delete(cursors).where(cursors.c.name == name))
        else:
            lowest = min(lowest, after)
    some = "DELETE FROM journal WHERE id <= ? AND id < (SELECT min(id) FROM journal) + ?"
    values.execute(connection, some, (min(lowest, last - 1), PRUNED))


class SqliteCursor(Cursor):
    """Its position: the id of the last row that it has passed, how many events of the next row, what it has missed."""

    def _fetch(self, after: int, count: int) -> list[JournalRow]:
        some = "SELECT id, body FROM journal WHERE id > ? ORDER BY id LIMIT ?"
        rows = values.fetch(self._connection, some, (after, count))
        bodies = json.loads(f"[{','.join(body for _, body in rows)}]")  # one by one they take four times as long
        return [(id_, body) for (id_, _), body in zip(rows, bodies, strict=True)]

    def _position(self) -> list[Any]:
        return [self._after, self._passed, list(self._missed)]
