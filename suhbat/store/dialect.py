"""What differs between databases, in one place. Everything else in the units of work is portable SQLAlchemy Core."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from .sqlite import values

Row = tuple[Any, ...]

_TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
_TROUBLE_CLASSES = {"08", "53", "57", "58", "XX"}
"""Of PostgreSQL's SQLSTATE: connection, resources, an operator's or the server's own end, the system, corruption."""
_TROUBLE_STATES = {"25006", "55000", "25P03"}
"""A server that only reads (a standby: when it is written to, when it is asked what only a server that writes can tell), a
transaction that was idle for too long."""
_CONTENDED = {"55P03", "40P01", "40001"}
"""A lock that was not given in time, a deadlock, a conflict."""


def is_trouble(error: BaseException) -> bool:
    """Whether the database, not what was asked of it, is the reason: a full disk, an I/O error, a lost connection."""
    if not isinstance(error, DBAPIError) or is_contended(error):
        return False
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return error.connection_invalidated or (code is not None and code & 0xFF in _TROUBLE)
    # Where no connection comes about, or breaks, there is no SQLSTATE.
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state[:2] in _TROUBLE_CLASSES or state in _TROUBLE_STATES


def is_contended(error: BaseException) -> bool:
    """Whether another writer is the reason, so that the same may work in a moment. Nothing was written."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _CONTENDED


@contextmanager
def at_most(connection: Connection, seconds: float) -> Iterator[None]:
    """Reading within may take so long. Raises TookTooLong; the transaction goes on."""
    if is_postgres(connection):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(seconds * 1000)}")
                yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _CANCELLED:
                raise
            raise TookTooLong() from None
        return
    driver: Any = connection.connection.driver_connection
    until = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            raise
        raise TookTooLong() from None
    finally:
        driver.set_progress_handler(None, 0)


class TookTooLong(Exception):
    """See `at_most`."""


_CANCELLED = "57014"
_STEPS = 500
"""Of SQLite's virtual machine between two looks at the clock. (The index, where the time goes, takes such steps too.)"""


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is new; those that exist already stay as they are. All rows have the same columns."""
    if not rows:
        return
    names = tuple(rows[0])
    tuples = [tuple(row.values()) for row in rows]
    _way(connection).insert(connection, table, names, tuples, or_nothing=True)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows given as tuples in the order of the table's columns."""
    if rows:
        names = tuple(column.name for column in table.columns)
        _way(connection).insert(connection, table, names, rows, or_nothing=False)


def find_rows(
    connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], wanted: Sequence[Row]
) -> list[Row]:
    """The rows whose `keys` are among `wanted`, as plain tuples of `columns`; in no order."""
    return _way(connection).find(connection, table, tuple(keys), tuple(columns), wanted) if wanted else []


def update_rows(
    connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], rows: Sequence[Row], *, add: bool
) -> None:
    """Update rows by key: each tuple is the keys, then the new values (or, with `add`, what is added to the old)."""
    if rows:
        _way(connection).update(connection, table, tuple(keys), tuple(columns), rows, add=add)


def unawaited(connection: Connection, *statements: Callable[[], None]) -> None:
    """Run what executes statements that give no rows: on PostgreSQL they are sent one after another without waiting for each
    answer. What one of them raises is raised at the end at the latest."""
    raw: Any = connection.connection.driver_connection
    try:
        with raw.pipeline() if is_postgres(connection) else nullcontext() as pipeline:
            for run in statements:
                run()
                if pipeline is not None:
                    _sync(raw, pipeline)
    except connection.dialect.loaded_dbapi.Error as error:  # past SQLAlchemy, so it is not wrapped as others are
        raise DBAPIError("several statements", None, error, connection_invalidated=bool(raw.closed)) from error


def _sync(raw: Any, pipeline: Any) -> None:
    """Send a Sync, and go on. Until it comes, PostgreSQL takes a transaction whose client is silent for one that is at work,
    and does not throw it out. (`pipeline.sync()` would wait for all answers, as if there were no pipeline.)"""
    raw.pgconn.pipeline_sync()
    pipeline.result_queue.append(None)  # as psycopg notes its own: one more answer will come, that of no cursor


def is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _way(connection: Connection) -> Any:
    if not is_postgres(connection):
        return values
    # Imported late: SQLAlchemy's PostgreSQL dialect takes a fifth of a second that a start on SQLite need not pay.
    from .postgres import arrays

    return arrays
