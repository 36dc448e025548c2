"""The tables that only several nodes over one PostgreSQL need."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, MetaData, Table, Text

metadata = MetaData()

journal = Table(
    "journal",
    metadata,
    Column("xid", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("journal_at", "at"),
)
"""What each transaction of the writers did, by its id: heads by log, and changes, as JSON (see `journal`). Kept for minutes."""

nodes = Table(
    "nodes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("joined", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
)
"""The processes that serve: each holds a lease until a moment of the database's clock. version: of its rows in `online`;
joined: which it was when the lease began."""

online = Table(
    "online",
    metadata,
    Column("node", ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lobby_from", BigInteger),
    Column("here", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("online_version", "node", "version"),
)
"""Who is connected to which node; who went stays for a minute, not `here`, so that the others learn of it."""

names = Table(
    "names",
    metadata,
    Column("skeleton", Text, primary_key=True),
    Column("node", ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    Column("uid", Text, nullable=False),
    Index("names_node", "node"),
)
"""The names that connected bare guests hold, by what they look like."""

passes = Table(
    "passes",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("body", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""Things good for one use, whichever node they are shown to: tickets, the setup code. body says what for."""
