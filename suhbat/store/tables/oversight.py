"""The tables of moderation: sanctions, reports, the audit log, the word filter."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from .schema import RowId, metadata

sanctions = Table(
    "sanctions",
    metadata,
    Column("conversation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("until", BigInteger),
    Column("reason", Text, nullable=False),
    Column("actor_uid", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("sanctions_uid", "uid"),
    sqlite_with_rowid=False,
)
"""Bans and mutes (kind), in a conversation or with 0 on the whole server; without `until` for good."""

reports = Table(
    "reports",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("target", BigInteger, nullable=False),
    Column("uid", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
)
"""What people reported to those who keep order."""

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_uid", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", Text, nullable=False),
)
"""What those who keep order did; only the owner reads it."""

filtered = Table(
    "filtered",
    metadata,
    Column("word", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Words, normalised as for search, that no message may have."""
