"""Many rows in one PostgreSQL statement: each column is sent as an array, so one prepared text serves batches of any size.

On the writer's connection the statements go through its `Pipeline`; on others through SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, TableClause
from sqlalchemy.dialects import postgresql

from .literals import array_of_bytes, array_of_numbers, array_of_texts
from .pipeline import Rows, Statement, of

Row = tuple[Any, ...]
Literal = Callable[[Sequence[Any]], bytes]

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


class _Texts(NamedTuple):
    """A statement as SQLAlchemy's driver and as a pipeline takes it, and how its parameters are written.

    They are cached without a limit, because all tables and columns are named in this code. If a text were made anew, each
    connection would prepare it once more.
    """

    percent: str
    statement: Statement
    literals: tuple[Literal, ...]


def write(connection: Connection, text: str, types: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Run a statement without results. `{unnest}` in its text stands for the rows, whose columns have these types."""
    _write(connection, _texts(text, types), rows)


def insert(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[Row],
    *,
    conflict: str = "",
    same: tuple[tuple[str, str], ...] = (),
) -> None:
    _write(connection, _insert_texts(table, names, conflict, same), rows)


def find(
    connection: Connection, table: Table, keys: tuple[str, ...], columns: tuple[str, ...], wanted: Sequence[Row]
) -> Rows:
    pipeline, texts = of(connection), _select_texts(table, keys, columns)
    if pipeline is None:
        return [tuple(row) for row in connection.exec_driver_sql(texts.percent, tuple(_columns(wanted)))]
    known = pipeline.recall((table.name, keys, columns), wanted)
    if known is not None:
        return known
    pipeline.add(texts.statement, *_parameters(texts, wanted))
    return pipeline.run()[-1]


def queue_find(
    connection: Connection, table: Table, keys: tuple[str, ...], columns: tuple[str, ...], wanted: Sequence[Row]
) -> None:
    """Queue the question of `find` on the writer's connection."""
    pipeline, texts = of(connection), _select_texts(table, keys, columns)
    assert pipeline is not None
    pipeline.add(texts.statement, *_parameters(texts, wanted))


def select_for(connection: Connection, statement: Select[Any], wanted: TableClause, rows: Sequence[Row]) -> list[Row]:
    return [tuple(row) for row in connection.exec_driver_sql(_wanted_text(statement, wanted), tuple(_columns(rows)))]


def update(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    add: bool,
) -> None:
    _write(connection, _update_texts(table, keys, columns, add), rows)


def delete(
    connection: Connection, table: Table, keys: tuple[str, ...], rows: Sequence[Row], *, upto: str | None
) -> None:
    _write(connection, _delete_texts(table, keys, upto), rows)


def _write(connection: Connection, texts: _Texts, rows: Sequence[Row]) -> None:
    pipeline = of(connection)
    if pipeline is None:
        connection.exec_driver_sql(texts.percent, tuple(_columns(rows)))
        return
    pipeline.add(texts.statement, *_parameters(texts, rows))
    if not pipeline.is_held:
        pipeline.run()


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _parameters(texts: _Texts, rows: Sequence[Row]) -> list[bytes]:
    return [literal(column) for literal, column in zip(texts.literals, zip(*rows, strict=True), strict=True)]


@cache
def _insert_texts(table: Table, names: tuple[str, ...], conflict: str, same: tuple[tuple[str, str], ...]) -> _Texts:
    listed = ", ".join(f'"{name}"' for name in (*names, *(name for name, _ in same)))
    row = ", ".join(["*", *(literal for _, literal in same)])
    text = f"INSERT INTO {table.name} ({listed}) SELECT {row} FROM {{unnest}}{conflict}"  # noqa: S608 (names of ours)
    return _texts(text, _types(table, names))


@cache
def _select_texts(table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> _Texts:
    wanted = ", ".join(keys)
    where = " AND ".join(f"t.{key} = v.{key}" for key in keys)
    listed = ", ".join(f"t.{column}" for column in columns)
    text = f"SELECT {listed} FROM {{unnest}} AS v({wanted}) JOIN {table.name} AS t ON {where}"  # noqa: S608 (names of ours)
    return _texts(text, _types(table, keys))


@lru_cache(maxsize=64)
def _wanted_text(statement: Select[Any], wanted: TableClause) -> str:
    names = [column.name for column in wanted.columns]
    arrays = ", ".join(f"%s::{type}[]" for type in _types(wanted, names))
    selected = statement.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return f"WITH {wanted.name}({', '.join(names)}) AS (SELECT * FROM unnest({arrays})) {selected}"  # noqa: S608 (names of ours)


@cache
def _update_texts(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], add: bool) -> _Texts:
    names = keys + columns
    new = ", ".join(f"{name} = {f't.{name} + ' if add else ''}v.{name}" for name in columns)
    where = " AND ".join(f"t.{key} = v.{key}" for key in keys)
    listed = ", ".join(names)
    text = f"UPDATE {table.name} AS t SET {new} FROM {{unnest}} AS v({listed}) WHERE {where}"  # noqa: S608 (names of ours)
    return _texts(text, _types(table, names))


@cache
def _delete_texts(table: Table, keys: tuple[str, ...], upto: str | None) -> _Texts:
    names = keys if upto is None else (*keys, upto)
    where = " AND ".join(f"t.{name} {'=' if name in keys else '<='} v.{name}" for name in names)
    text = f"DELETE FROM {table.name} AS t USING {{unnest}} AS v({', '.join(names)}) WHERE {where}"  # noqa: S608 (names of ours)
    return _texts(text, _types(table, names))


@cache
def _texts(text: str, types: tuple[str, ...]) -> _Texts:
    percent = ", ".join(f"%s::{type}[]" for type in types)
    dollar = ", ".join(f"${number}::{type}[]" for number, type in enumerate(types, 1))
    literals = tuple(_LITERALS.get(type, array_of_numbers) for type in types)
    queued = Statement(text.format(unnest=f"unnest({dollar})"))
    return _Texts(text.format(unnest=f"unnest({percent})"), queued, literals)


_LITERALS: dict[str, Literal] = {"text": array_of_texts, "bytea": array_of_bytes}


def _types(table: Table | TableClause, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(table.c[name].type.compile(_DIALECT).lower() for name in names)
