"""The tables of the messages that concern one user: those that name or quote them, and those that they saved."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from .schema import metadata

named = Table(
    "named",
    metadata,
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("mentioned", Boolean, nullable=False),
    Index("named_uid", "uid", "at", "conversation_id", "seq"),
    sqlite_with_rowid=False,
)
"""Which messages mention a user by name, or (mentioned false) only quote a message of theirs; read or not. at: when the message
was sent. Those that mention everybody are in `log.everyone`. Unlike `log.mentions` and `threads.thread_mentions` it counts
nothing."""

saved = Table(
    "saved",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Index("saved_place", "conversation_id", "seq"),
    sqlite_with_rowid=False,
)
"""Messages that users saved. at: when."""
