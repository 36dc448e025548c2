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
"""Bans and mutes (kind). In the lobby they hold for the whole server. Without `until` they do not expire."""

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
"""Reports of messages to the moderators."""

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
"""The audit log: the actions of moderators. Only owners of the server read it."""

filtered = Table(
    "filtered",
    metadata,
    Column("word", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The word filter: words, normalised as for search, that no message may contain."""
