"""What differs between databases, in one place. Everything else in the units of work is portable SQLAlchemy Core."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]

_LARGEST = 256
"""Rows of one SQLite statement. Statements are prepared once for each power of two up to this."""

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


def is_trouble(error: BaseException) -> bool:
    """Whether the database, not what was asked of it, is the reason: a full disk, an I/O error, a lost connection."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    return error.connection_invalidated or (code is not None and code & 0xFF in _TROUBLE)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is new; those that exist already stay as they are."""
    if rows:
        connection.execute(_or_nothing(connection.dialect.name, table), rows)


@lru_cache(maxsize=32)
def _or_nothing(dialect: str, table: Table) -> Insert:
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows given as tuples in the order of the table's columns.

    On SQLite many rows are one statement with literal text: `sqlite3` lets go of the interpreter's lock at each step of a
    statement, and under a busy event loop every regaining costs up to a switch interval. With one step a row
    (executemany) that made a batch about three times slower; Core's own multi-row VALUES is compiled anew for each size.
    """
    if connection.dialect.name != "sqlite":
        names = [column.name for column in table.columns]
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    for part in _parts(rows):
        connection.exec_driver_sql(_insert_text(table, len(part)), tuple(chain.from_iterable(part)))


def find_rows(
    connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], wanted: Sequence[Row]
) -> list[Row]:
    """The rows whose `keys` are among `wanted`, as plain tuples of `columns`; in no order.

    On SQLite a join with literal text: for `(a, b) IN (VALUES …)` SQLite 3.40 scans the whole table, and Core expands
    such a list anew each time.
    """
    if connection.dialect.name != "sqlite":
        place = tuple_(*(table.c[key] for key in keys))
        statement = select(*(table.c[name] for name in columns)).where(place.in_(wanted))
        return [tuple(row) for row in connection.execute(statement)]
    found: list[Row] = []
    for part in _parts(wanted):
        text = _select_text(table, tuple(keys), tuple(columns), len(part))
        found += map(tuple, connection.exec_driver_sql(text, tuple(chain.from_iterable(part))))
    return found


def update_rows(
    connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], rows: Sequence[Row], *, add: bool
) -> None:
    """Update rows by key: each tuple is the keys, then the new values (or, with `add`, what is added to the old)."""
    if connection.dialect.name != "sqlite":
        statement = update(table).where(*(table.c[key] == bindparam(f"by_{key}") for key in keys))
        new = {name: table.c[name] + bindparam(f"to_{name}") if add else bindparam(f"to_{name}") for name in columns}
        names = [f"by_{key}" for key in keys] + [f"to_{name}" for name in columns]
        connection.execute(statement.values(new), [dict(zip(names, row, strict=True)) for row in rows])
        return
    for part in _parts(rows):
        text = _update_text(table, tuple(keys), tuple(columns), len(part), add)
        connection.exec_driver_sql(text, tuple(chain.from_iterable(part)))


def _parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Cut into powers of two, largest first: a handful of statement texts serves every size of batch."""
    parts: list[Sequence[Row]] = []
    start = 0
    while start < len(rows):
        size = min(_LARGEST, 1 << (len(rows) - start).bit_length() - 1)
        parts.append(rows[start : start + size])
        start += size
    return parts


@lru_cache(maxsize=64)
def _insert_text(table: Table, count: int) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) VALUES {_values(len(table.columns), count)}"  # noqa: S608 (names of ours)


@lru_cache(maxsize=64)
def _select_text(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], count: int) -> str:
    wanted = ", ".join(f"v_{key}" for key in keys)
    where = " AND ".join(f"{key} = v_{key}" for key in keys)
    values = _values(len(keys), count)
    # CROSS JOIN tells SQLite to begin with the values.
    return f"WITH v({wanted}) AS (VALUES {values}) SELECT {', '.join(columns)} FROM v CROSS JOIN {table.name} WHERE {where}"  # noqa: S608


@lru_cache(maxsize=64)
def _update_text(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], count: int, add: bool) -> str:
    names = ", ".join(keys + columns)
    new = ", ".join(f"{name} = {f'{table.name}.{name} + ' if add else ''}v.{name}" for name in columns)
    where = " AND ".join(f"{table.name}.{key} = v.{key}" for key in keys)
    values = _values(len(keys) + len(columns), count)
    return f"WITH v({names}) AS (VALUES {values}) UPDATE {table.name} SET {new} FROM v WHERE {where}"  # noqa: S608


def _values(width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return ", ".join([row] * count)
