"""What all tables share, and the table about the store itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

metadata = MetaData()

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""The type of a row id that the database assigns. SQLite assigns one only in a column of the type INTEGER."""

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the store itself, for example the epoch and the count of starts."""

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", Text, nullable=False),
)
"""The durable cursors: how far each reader of the journal has come (see `store.cursors`)."""

journal = Table(
    "journal",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("body", Text, nullable=False),
)
"""The events of each transaction (see `store.journal`). On PostgreSQL it has further columns (see `postgres.journal`)."""
