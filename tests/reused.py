"""Databases of PostgreSQL that are emptied and used again: to make a new one costs more than most tests do."""

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
    """What is in a database: its shape, the rows of each table, and where the sequences are."""

    shape: Any
    rows: dict[str, list[Any]]
    sequences: list[Any]


@functools.cache
def model(url: str) -> Model:
    """Of the database at this URL, which nobody changes."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = {name: connection.execute(_of("SELECT * FROM {}", name)).fetchall() for [name] in tables}
        sequences = connection.execute("SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL "
                                       "FROM pg_sequences WHERE schemaname = 'public'").fetchall()  # fmt: skip
        return Model(connection.execute(SHAPE).fetchone(), rows, sequences)


def alike(url: str, other: str) -> bool:
    """Make the database at `url` like that at `other`; False where its tables are others. Whoever still uses it is put out."""
    like = model(other)
    with psycopg.connect(url) as connection:
        if connection.execute(SHAPE).fetchone() != like.shape:
            return False
        connection.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
                           "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        # Without triggers, those of foreign keys too: so the order of tables is no matter.
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
