"""Many rows in one PostgreSQL statement: each column is sent as an array, so one prepared text serves batches of any size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, Table, TableClause
from sqlalchemy.dialects import postgresql

Row = tuple[Any, ...]

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Row], *, or_nothing: bool
) -> None:
    connection.exec_driver_sql(_insert_text(table, names, or_nothing), _columns(rows))


def find(
    connection: Connection, table: Table, keys: tuple[str, ...], columns: tuple[str, ...], wanted: Sequence[Row]
) -> list[Row]:
    return [tuple(row) for row in connection.exec_driver_sql(_select_text(table, keys, columns), _columns(wanted))]


def select_for(connection: Connection, statement: Select[Any], wanted: TableClause, rows: Sequence[Row]) -> list[Row]:
    return [tuple(row) for row in connection.exec_driver_sql(_wanted_text(statement, wanted), _columns(rows))]


def update(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    add: bool,
) -> None:
    connection.exec_driver_sql(_update_text(table, keys, columns, add), _columns(rows))


def _columns(rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


@lru_cache(maxsize=128)
def _insert_text(table: Table, names: tuple[str, ...], or_nothing: bool) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    clause = " ON CONFLICT DO NOTHING" if or_nothing else ""
    return f"INSERT INTO {table.name} ({listed}) SELECT * FROM {_unnest(table, names)}{clause}"  # noqa: S608 (names of ours)


@lru_cache(maxsize=64)
def _select_text(table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> str:
    wanted = ", ".join(keys)
    where = " AND ".join(f"t.{key} = v.{key}" for key in keys)
    listed = ", ".join(f"t.{column}" for column in columns)
    return f"SELECT {listed} FROM {_unnest(table, keys)} AS v({wanted}) JOIN {table.name} AS t ON {where}"  # noqa: S608


@lru_cache(maxsize=64)
def _wanted_text(statement: Select[Any], wanted: TableClause) -> str:
    names = [column.name for column in wanted.columns]
    selected = statement.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return f"WITH {wanted.name}({', '.join(names)}) AS (SELECT * FROM {_unnest(wanted, names)}) {selected}"  # noqa: S608


@lru_cache(maxsize=64)
def _update_text(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], add: bool) -> str:
    names = keys + columns
    new = ", ".join(f"{name} = {f't.{name} + ' if add else ''}v.{name}" for name in columns)
    where = " AND ".join(f"t.{key} = v.{key}" for key in keys)
    return f"UPDATE {table.name} AS t SET {new} FROM {_unnest(table, names)} AS v({', '.join(names)}) WHERE {where}"  # noqa: S608


def _unnest(table: Table | TableClause, names: Sequence[str]) -> str:
    arrays = ", ".join(f"%s::{table.c[name].type.compile(_DIALECT)}[]" for name in names)
    return f"unnest({arrays})"
