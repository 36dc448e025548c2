"""Many rows in one SQLite statement, given to the driver directly.

`sqlite3` releases the interpreter's lock at each step of a statement, and beside a busy event loop each reacquisition takes
up to a switch interval. One step per row (executemany) made a batch about three times slower, and SQLAlchemy compiles its
multi-row VALUES again for each size. So the text of the statements is made here; `sqlite3` keeps each text prepared. Through
SQLAlchemy a short statement takes 11 us, without it 1 us.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, TableClause
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
Row = tuple[Any, ...]

_DIALECT = sqlite.dialect()
BEGIN = "BEGIN IMMEDIATE"
"""Begins a transaction of the writer, and takes the write lock."""
_LARGEST = 256
"""Rows per statement, at most. Statements are prepared for each power of two up to this."""


def begin(connection: Connection, text: str = BEGIN) -> None:
    """Begin a transaction. SQLAlchemy joins it when it executes its first statement (see `connect`)."""
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(text)
    except sqlite3.Error as error:
        raise _wrapped(text, error) from error


def commit(connection: Connection) -> None:
    """End the transaction that `begin` began."""
    if connection.in_transaction():
        connection.commit()
        return
    try:
        connection.dialect.do_commit(connection.connection)
    except sqlite3.Error as error:
        raise _wrapped("COMMIT", error) from error


class DriverSavepoint:
    """A savepoint in the open transaction. SQLAlchemy's takes ten times as long, and knows nothing of this one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        execute(connection, "SAVEPOINT work", ())

    def commit(self) -> None:
        execute(self._connection, "RELEASE work", ())

    def rollback(self) -> None:
        execute(self._connection, "ROLLBACK TO work", ())
        execute(self._connection, "RELEASE work", ())


def insert(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[Row],
    *,
    conflict: str = "",
    same: tuple[tuple[str, str], ...] = (),
) -> None:
    for part in parts(rows):
        execute(connection, _insert_text(table, names, len(part), conflict, same), _flat(part))


def find(
    connection: Connection, table: Table, keys: tuple[str, ...], columns: tuple[str, ...], wanted: Sequence[Row]
) -> list[Row]:
    """Find rows by a join, because SQLite 3.40 scans the whole table for `(a, b) IN (VALUES …)`."""
    found: list[Row] = []
    for part in padded(wanted):
        found += fetch(connection, _select_text(table, keys, columns, len(part)), _flat(part))
    return found


def select_for(connection: Connection, statement: Select[Any], wanted: TableClause, rows: Sequence[Row]) -> list[Row]:
    found: list[Row] = []
    for part in padded(rows):
        found += fetch(connection, _wanted_text(statement, wanted, len(part)), _flat(part))
    return found


def update(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    add: bool,
) -> None:
    for part in parts(rows):
        execute(connection, _update_text(table, keys, columns, len(part), add), _flat(part))


def delete(
    connection: Connection, table: Table, keys: tuple[str, ...], rows: Sequence[Row], *, upto: str | None
) -> None:
    for part in padded(rows):
        execute(connection, _delete_text(table, keys, upto, len(part)), _flat(part))


def parts(rows: Sequence[T]) -> Sequence[Sequence[T]]:
    """Cut rows into parts whose sizes are powers of two, largest first, so that few statement texts serve all sizes. A text
    for each size would keep hundreds of statements prepared, of which one with a thousand names takes half a megabyte."""
    if len(rows) == 1:
        return (rows,)
    cut: list[Sequence[T]] = []
    start = 0
    while start < len(rows):
        size = min(_LARGEST, 1 << (len(rows) - start).bit_length() - 1)
        cut.append(rows[start : start + size])
        start += size
    return cut


def padded(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """The same for reads and deletions, with fewer parts: the last one is filled up with rows of NULL, which equal nothing."""
    if len(rows) == 1:
        return [rows]
    cut: list[Sequence[Row]] = []
    for start in range(0, len(rows), _LARGEST):
        part = rows[start : start + _LARGEST]
        size = 1 << (len(part) - 1).bit_length()
        cut.append([*part, *[(None,) * len(part[0])] * (size - len(part))])
    return cut


def execute(connection: Connection, text: str, parameters: Row) -> sqlite3.Cursor:
    """Execute a statement in the open transaction, or in one that SQLAlchemy begins now.

    Errors are those that SQLAlchemy would raise, but without the parameters, which have the texts of messages.
    """
    driver: Any = connection.connection.dbapi_connection  # the driver's; `driver_connection` takes twice as long
    if not driver.in_transaction:
        connection.begin()
    try:
        cursor: sqlite3.Cursor = driver.execute(text, parameters)
    except sqlite3.Error as error:
        raise _wrapped(text, error) from error
    return cursor


def fetch(connection: Connection, text: str, parameters: Row = ()) -> list[Row]:
    """Execute a SELECT like `execute`, and return its rows."""
    try:
        return execute(connection, text, parameters).fetchall()
    except sqlite3.Error as error:
        raise _wrapped(text, error) from error


def _flat(rows: Sequence[Row]) -> Row:
    return rows[0] if len(rows) == 1 else tuple(chain.from_iterable(rows))


def _wrapped(text: str, error: sqlite3.Error) -> DBAPIError:
    wrapped = DBAPIError.instance(text, None, error, sqlite3.Error)
    assert isinstance(wrapped, DBAPIError)
    return wrapped


@lru_cache(maxsize=128)
def _insert_text(
    table: Table, names: tuple[str, ...], count: int, conflict: str, same: tuple[tuple[str, str], ...]
) -> str:
    listed = ", ".join(f'"{name}"' for name in (*names, *(name for name, _ in same)))
    row = ", ".join([*"?" * len(names), *(literal for _, literal in same)])
    return f"INSERT INTO {table.name} ({listed}) VALUES {', '.join([f'({row})'] * count)}{conflict}"  # noqa: S608 (names of ours)


@lru_cache(maxsize=64)
def _select_text(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], count: int) -> str:
    if count == 1:
        where = " AND ".join(f"{key} = ?" for key in keys)
        return f"SELECT {', '.join(columns)} FROM {table.name} WHERE {where}"  # noqa: S608 (names of ours)
    wanted = ", ".join(f"v_{key}" for key in keys)
    where = " AND ".join(f"{key} = v_{key}" for key in keys)
    values = _values(len(keys), count)
    # CROSS JOIN makes SQLite begin with the values.
    return f"WITH v({wanted}) AS (VALUES {values}) SELECT {', '.join(columns)} FROM v CROSS JOIN {table.name} WHERE {where}"  # noqa: S608


@lru_cache(maxsize=64)
def _wanted_text(statement: Select[Any], wanted: TableClause, count: int) -> str:
    names = ", ".join(column.name for column in wanted.columns)
    selected = statement.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return f"WITH {wanted.name}({names}) AS (VALUES {_values(len(wanted.columns), count)}) {selected}"


@lru_cache(maxsize=64)
def _update_text(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], count: int, add: bool) -> str:
    if count == 1:  # numbered parameters, because the keys come first; a third of the time of the text below
        new = ", ".join(f"{name} = {f'{name} + ' if add else ''}?{n}" for n, name in enumerate(columns, len(keys) + 1))
        where = " AND ".join(f"{key} = ?{n}" for n, key in enumerate(keys, 1))
        return f"UPDATE {table.name} SET {new} WHERE {where}"  # noqa: S608 (names of ours)
    names = ", ".join(keys + columns)
    new = ", ".join(f"{name} = {f'{table.name}.{name} + ' if add else ''}v.{name}" for name in columns)
    where = " AND ".join(f"{table.name}.{key} = v.{key}" for key in keys)
    values = _values(len(keys) + len(columns), count)
    return f"WITH v({names}) AS (VALUES {values}) UPDATE {table.name} SET {new} FROM v WHERE {where}"  # noqa: S608


@lru_cache(maxsize=64)
def _delete_text(table: Table, keys: tuple[str, ...], upto: str | None, count: int) -> str:
    names = keys if upto is None else (*keys, upto)
    signs = ["="] * len(keys) + ["<="] * (upto is not None)
    if count == 1:
        where = " AND ".join(f"{name} {sign} ?" for name, sign in zip(names, signs, strict=True))
        return f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608 (names of ours)
    listed, wanted = ", ".join(keys), ", ".join(f"v_{name}" for name in names)
    where = " AND ".join(f"{name} {sign} v_{name}" for name, sign in zip(names, signs, strict=True))
    found = f"SELECT {listed} FROM v CROSS JOIN {table.name} WHERE {where}"  # noqa: S608 (names of ours)
    values = _values(len(names), count)
    rows = f"WITH v({wanted}) AS (VALUES {values})"
    return f"{rows} DELETE FROM {table.name} WHERE ({listed}) IN ({found})"  # noqa: S608 (names of ours)


def _values(width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return ", ".join([row] * count)
