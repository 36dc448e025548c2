"""Opens and begins durable cursors, on either database. `journal` says what they are and how to read with one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from .dialect import is_postgres
from .journal import Cursor, Range
from .postgres import journal as on_postgres
from .sqlite import journal as on_sqlite


def open_cursor(connection: Connection, name: str, *, waits: bool = False) -> Cursor | None:
    """Lock a cursor until the transaction ends. None if another node has locked it, unless this `waits`. Raises NoCursor."""
    cursor: Cursor | None = _journal(connection).open_cursor(connection, name, waits=waits)
    return cursor


def begin(connection: Connection, name: str, *missed: Range) -> None:
    """Make a cursor, or replace it by a new one, that will take the events `missed` and what is committed from now on.

    The transaction must be the reader's own: it has no row in the journal yet.
    """
    cursor: Cursor = _journal(connection).end_cursor(connection, name)
    cursor.add()
    if missed:
        _journal(connection).write_missed(connection, missed)


def prune(connection: Connection) -> None:
    """Delete rows of the journal that are not needed any more. Called often, it deletes a few each time."""
    _journal(connection).prune(connection)


def _journal(connection: Connection) -> Any:
    return on_postgres if is_postgres(connection) else on_sqlite
