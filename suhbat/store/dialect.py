"""The differences between SQLite and PostgreSQL. Everything else in the units of work is portable SQLAlchemy Core."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Select, Table, TableClause
from sqlalchemy import Row as ResultRow
from sqlalchemy.exc import DBAPIError

from .sqlite import values

Row = tuple[Any, ...]
AnyRow = ResultRow[*tuple[Any, ...]]
"""A row of a query, with attributes. Its columns are those that the query selects."""


class Question(NamedTuple):
    """What `find_rows` is asked, but for the keys: so that PostgreSQL can be asked it ahead (see `postgres.locking`)."""

    table: Table
    keys: tuple[str, ...]
    columns: tuple[str, ...]


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
"""Classes of PostgreSQL's SQLSTATE: connection, resources, operator intervention, system error, internal error."""
_TROUBLE_STATES = {"25006", "55000", "25P03"}
"""SQLSTATEs of a standby (which refuses to write, and to answer some questions), and of a transaction that was idle for too
long."""
_CONTENDED = {"55P03", "40P01", "40001"}
"""SQLSTATEs of a lock timeout, a deadlock and a serialization failure."""
_FOREIGN_KEY_VIOLATION = "23503"


def is_trouble(error: BaseException) -> bool:
    """Whether the database itself is the reason, and not the statement: a full disk, an I/O error, a lost connection."""
    if not isinstance(error, DBAPIError) or is_contended(error):
        return False
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return error.connection_invalidated or (code is not None and code & 0xFF in _TROUBLE)
    # A connection that fails or breaks has no SQLSTATE.
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state[:2] in _TROUBLE_CLASSES or state in _TROUBLE_STATES


def is_contended(error: BaseException) -> bool:
    """Whether another writer is the reason. Nothing was written, and a repetition may succeed."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _CONTENDED


def is_orphan(error: BaseException) -> bool:
    """Whether a row belongs to one that was deleted a moment ago, such as that of an account which is being erased."""
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    return getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY_VIOLATION


@contextmanager
def time_limit(connection: Connection, seconds: float, busy_seconds: float = math.inf) -> Iterator[None]:
    """Limit the time of the reads inside, and on SQLite also the processor time of this thread. Raises TookTooLong; the
    transaction stays usable."""
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
    until, busy_until = time.monotonic() + seconds, time.thread_time() + busy_seconds
    driver.set_progress_handler(lambda: time.thread_time() > busy_until or time.monotonic() > until, _STEPS)
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            raise
        raise TookTooLong() from None
    finally:
        driver.set_progress_handler(None, 0)


class TookTooLong(Exception):
    """A read exceeded its `time_limit`."""


_CANCELLED = "57014"
_STEPS = 100
"""How many steps of SQLite's virtual machine pass between two looks at the clock. Reading the search index takes steps too, but
few: 500 of them took up to 8 ms."""


def begin(connection: Connection) -> None:
    """Begin a transaction of the writer; SQLAlchemy's statements belong to it. End it with `commit`; after a failure close the
    connection."""
    if is_postgres(connection):
        connection.begin()
    else:
        values.begin(connection)


def commit(connection: Connection) -> None:
    """Commit the transaction that `begin` began."""
    if is_postgres(connection):
        connection.commit()
    else:
        values.commit(connection)


class Savepoint(Protocol):
    """Either of its methods ends it. Without one, it ends with the transaction."""

    def commit(self) -> object: ...
    def rollback(self) -> object: ...


def savepoint(connection: Connection) -> Savepoint:
    """Begin a savepoint in the writer's open transaction."""
    return connection.begin_nested() if is_postgres(connection) else values.DriverSavepoint(connection)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is new; existing rows are not changed. All rows have the same columns."""
    if not rows:
        return
    names = tuple(rows[0])
    tuples = [tuple(row.values()) for row in rows]
    _row_statements(connection).insert(connection, table, names, tuples, conflict=_NOTHING)


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    names: tuple[str, ...] | None = None,
    same: tuple[tuple[str, str], ...] = (),
) -> None:
    """Insert rows, given as tuples in the order of the table's columns, or of `names`. `same`: further columns, each with its
    value in all rows as an SQL literal. Columns that are in neither are NULL or have their default."""
    if rows:
        names = names or _names(table)
        _row_statements(connection).insert(connection, table, names, rows, same=same)


def put_rows(
    connection: Connection, table: Table, keys: tuple[str, ...], changed: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Insert rows, given as tuples in the order of the table's columns. Where a row has the same `keys`, which are the primary
    key, only the columns `changed` are replaced."""
    if rows:
        conflict = _update_clause(keys, changed)
        _row_statements(connection).insert(connection, table, _names(table), rows, conflict=conflict)


_NOTHING = " ON CONFLICT DO NOTHING"


@cache
def _update_clause(keys: tuple[str, ...], changed: tuple[str, ...]) -> str:
    new = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {new}"


@cache
def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def find_rows(
    connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], wanted: Sequence[Row]
) -> list[Row]:
    """The rows whose `keys` are among `wanted`, as tuples of `columns`, in no particular order."""
    return _row_statements(connection).find(connection, table, tuple(keys), tuple(columns), wanted) if wanted else []


def select_for(connection: Connection, statement: Select[Any], wanted: TableClause, rows: Sequence[Row]) -> list[Row]:
    """The result of a SELECT over `wanted`, a table that has these rows for the time of the statement: one statement reads for
    many users. Rows are plain tuples as the database returns them, in no particular order; SQLite returns booleans as
    integers, and may return further rows whose columns are all NULL.

    Join other tables with LEFT JOIN, so that SQLite begins with `wanted`. Parameters are written into the text, which is made
    once for each statement, so they must be constants.
    """
    return _row_statements(connection).select_for(connection, statement, wanted, rows) if rows else []


def update_rows(
    connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], rows: Sequence[Row], *, add: bool
) -> None:
    """Update rows by key. Each tuple has the keys, then the new values; with `add`, the amounts to add to the old values."""
    if rows:
        _row_statements(connection).update(connection, table, tuple(keys), tuple(columns), rows, add=add)


def delete_rows(
    connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Row], *, upto: str | None = None
) -> None:
    """Delete rows by their primary key. With `upto`, each tuple has the key and a number, and the row is deleted only if this
    column is not above that."""
    if rows:
        _row_statements(connection).delete(connection, table, tuple(keys), rows, upto=upto)


def pipelined(connection: Connection, *statements: Callable[[], None]) -> None:
    """Run functions whose statements return no rows. The writer on PostgreSQL sends their statements together, possibly later:
    with its next statement that returns rows, or before COMMIT. So an error may be raised only then."""
    if is_postgres(connection):
        # Imported late, as in `_row_statements`.
        from .postgres.pipeline import together

        together(connection, statements)
        return
    for run in statements:
        run()


def is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _row_statements(connection: Connection) -> Any:
    if not is_postgres(connection):
        return values
    # Imported late: loading SQLAlchemy's PostgreSQL dialect takes 0.2 s, which a start on SQLite should not spend.
    from .postgres import arrays

    return arrays
