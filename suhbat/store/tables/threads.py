"""The tables of threads, and of each user's state in them. The replies are in `log.events`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from .schema import metadata

threads = Table(
    "threads",
    metadata,
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("root", BigInteger, primary_key=True, autoincrement=False),
    Column("last_ordinal", BigInteger, nullable=False),
    Column("replies", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("people", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Threads. root: the seq of the message to which a thread belongs; last_ordinal: the last thread_ordinal. The others do not
count deleted replies. replies: how many there are. last_seq, last_at: the last one; last_seq is 0 without any. people: the
uids of the last people who wrote, the latest first, with spaces between."""

thread_marks = Table(
    "thread_marks",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("root", BigInteger, primary_key=True, autoincrement=False),
    Column("read_ordinal", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Index("thread_marks_root", "conversation_id", "root"),
    sqlite_with_rowid=False,
)
"""Who follows which thread, and how far they have read. skipped: replies above the mark that are their own or deleted.

unread = threads.last_ordinal - read_ordinal - skipped."""

thread_mentions = Table(
    "thread_mentions",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("root", BigInteger, primary_key=True, autoincrement=False),
    Column("thread_ordinal", BigInteger, primary_key=True, autoincrement=False),
    Index("thread_mentions_place", "conversation_id", "root", "thread_ordinal"),
    sqlite_with_rowid=False,
)
"""Whom replies mention. Those above the mark of a follower are unread."""
