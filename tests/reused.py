"""PostgreSQL databases that are emptied and used again, because making a new one takes longer than most tests."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

SHAPE = """
    SELECT count(*), sum(hashtext(concat(c.relname, ' ', c.relkind, ' ', a.attname, ' ', a.atttypid))::bigint)
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Model:
    """The content of a database: its shape, the rows of each table, and the values of its sequences."""

    shape: Any
    rows: dict[str, list[Any]]
    sequences: list[Any]


@functools.cache
def model(url: str) -> Model:
    """The content of the database at this URL, which must not change."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = {name: connection.execute(_of("SELECT * FROM {}", name)).fetchall() for [name] in tables}
        sequences = connection.execute("SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL "
                                       "FROM pg_sequences WHERE schemaname = 'public'").fetchall()  # fmt: skip
        return Model(connection.execute(SHAPE).fetchone(), rows, sequences)


def alike(url: str, other: str) -> bool:
    """Make the database at `url` equal to that at `other`. False if its tables differ. Other connections to it are
    terminated."""
    like = model(other)
    with psycopg.connect(url) as connection:
        if connection.execute(SHAPE).fetchone() != like.shape:
            return False
        connection.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
                           "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        # Disables triggers, including those of foreign keys, so that the order of the tables does not matter.
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(";").join(_of("DELETE FROM {}", name) for name in like.rows))
        for name, rows in like.rows.items():
            if rows:
                values = sql.SQL(",").join(sql.Placeholder() * len(rows[0]))
                into = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(name), values)
                connection.cursor().executemany(into, rows)
        for sequence in like.sequences:
            connection.execute("SELECT setval(%s::regclass, %s, %s)", sequence)
    return True


def _of(command: str, table: str) -> sql.Composed:
    return sql.SQL(command).format(sql.Identifier(table))
