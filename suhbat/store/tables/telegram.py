"""The tables of bots that speak Telegram's Bot API."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from .schema import metadata

telegram_bots = Table(
    "telegram_bots",
    metadata,
    Column("uid", Text, ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("poller", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Bots that have asked for updates. last: the id of the last update; poller: a nonce of the request that asks now."""

telegram_updates = Table(
    "telegram_updates",
    metadata,
    Column("uid", Text, ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("telegram_updates_conversation", "conversation_id"),
    sqlite_with_rowid=False,
)
"""Updates that a bot (uid) has not confirmed: numbered events. A bot has few, because they are numbered when it asks."""

telegram_cursors = Table(
    "telegram_cursors",
    metadata,
    Column("uid", Text, ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Index("telegram_cursors_conversation", "conversation_id"),
    sqlite_with_rowid=False,
)
"""Up to which event of a log the updates of a bot (uid) are numbered."""
