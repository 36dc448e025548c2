"""The table of messages that are still growing."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from .schema import metadata

growing = Table(
    "growing",
    metadata,
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("growing_uid", "uid"),
    sqlite_with_rowid=False,
)
"""Messages that are growing, with their senders. Their texts so far are in `log.events`.

version: ascends whenever the node that takes the appends writes the text, and whenever another node takes over. So a node that
knows another version has lost the message, and a version that stays the same shows that its node is gone."""
