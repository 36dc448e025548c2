"""Opens and begins durable cursors, on either database. `journal` says what they are and how to read with one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from .dialect import is_postgres
from .journal import Cursor, Range
from .sqlite import journal as on_sqlite
from .tables import cursors


def open_cursor(connection: Connection, name: str, *, waits: bool = False) -> Cursor | None:
    """Lock a cursor until the transaction ends. None if another node has locked it, unless this `waits`. Raises NoCursor."""
    cursor: Cursor | None = _journal(connection).open_cursor(connection, name, waits=waits)
    return cursor


def makes(connection: Connection, name: str, *, waits: bool = False) -> bool:
    """Be the only one who makes the cursor of this name, until the transaction ends. False if another node is at it, unless
    this `waits`. Nodes that start together on a new database all find no cursor; and what a cursor has missed is counted by
    one of them, or it would be done twice."""
    return bool(_journal(connection).makes(connection, name, waits=waits))


def end(connection: Connection) -> ColumnElement[Any]:
    """A column with the end of the journal as its query sees it, for `begin`: what the other columns of the query show is
    exactly what comes before."""
    column: ColumnElement[Any] = _journal(connection).END
    return column


def begin(connection: Connection, name: str, end: Any, missed: Iterable[Range] = ()) -> None:
    """Make a cursor, or replace it by a new one. It will take the events `missed`, then what was committed after `end`."""
    cursor: Cursor = _journal(connection).new_cursor(connection, name, end, missed)
    cursor.add()


def begin_if_new(connection: Connection, name: str) -> bool:
    """Make a cursor at the end of the journal, unless there is one of this name. Returns whether there was none."""
    # The lock waits for a reader that may be about to delete its cursor.
    same = select(cursors.c.name).where(cursors.c.name == name).with_for_update(read=True, key_share=True)
    if connection.execute(same).first() is not None:
        return False
    position = connection.execute(select(end(connection))).scalar_one()
    cursor: Cursor = _journal(connection).new_cursor(connection, name, position, ())
    cursor.add(unless_there=True)
    return True


def is_behind(connection: Connection, name: str) -> bool:
    """Whether there is a cursor of this name, and events that it has not passed. For a connection that reads."""
    return bool(_journal(connection).is_behind(connection, name))


def prune(connection: Connection) -> None:
    """Delete rows of the journal that are not needed any more. Called often, it deletes a few each time."""
    _journal(connection).prune(connection)


def _journal(connection: Connection) -> Any:
    if not is_postgres(connection):
        return on_sqlite
    from .postgres import journal  # a start on SQLite does not load it

    return journal
