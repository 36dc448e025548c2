"""The tables of events, and of what belongs to their messages: keys, reactions, pins, mentions, search rows.

A message *is* its `message.created` row: an edit or a deletion changes the text in place, so a replay renders the present text
and nothing deleted can be read again.

Each partial index states its condition for SQLite only. The migrations write the same condition for PostgreSQL; stated here as
well, it would load SQLAlchemy's PostgreSQL dialect at every start.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .schema import RowId, metadata

events = Table(
    "events",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_uid", Text, nullable=False),
    Column("ordinal", BigInteger),
    Column("text", Text),
    Column("client_id", Text),
    Column("reply_to", BigInteger),
    Column("edited_at", BigInteger),
    Column("deleted", Boolean, nullable=False),
    Column("target", BigInteger),
    Column("data", Text),
    # Without a row id the rows of a log lie together in the order of seq, and one B-tree is written, not two.
    sqlite_with_rowid=False,
)
"""The logs. Messages have an ordinal and a text; data is JSON with what else an event of another type carries."""

# Ordinals are dense, so a page of history is a range of them however many other events lie between.
Index(
    "events_ordinal",
    events.c.conversation_id,
    events.c.ordinal,
    unique=True,
    sqlite_where=events.c.ordinal.is_not(None),
)

# Few are deleted: how many above a read mark is a short stretch of this.
Index(
    "events_deleted",
    events.c.conversation_id,
    events.c.ordinal,
    events.c.actor_uid,
    sqlite_where=events.c.deleted,
)

idempotency = Table(
    "idempotency",
    metadata,
    # The key first: those that ascend (the server's own) then share pages, where uid first would touch one for each user.
    Column("key", Text, primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""What a repeat is answered with. digest: a hash of what was asked; empty for keys that the server made."""

reactions = Table(
    "reactions",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Text, primary_key=True),
    Column("emoji", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False, server_default=text("0")),
    Index("reactions_emoji", "conversation_id", "target", "emoji", "seq"),
    sqlite_with_rowid=False,
)
"""Who put what under which message; target is its seq, seq that of the reaction's event, and so the order in time."""

reaction_counts = Table(
    "reaction_counts",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    Column("emoji", Text, primary_key=True),
    Column("people", BigInteger, nullable=False),
    Column("shown", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How many people put an emoji under a message. shown: the seq of the last of them that a message shows, so that nobody has
to read thousands to show the first."""

reactions_shown = Table(
    "reactions_shown",
    MetaData(),
    Column("conversation_id", BigInteger),
    Column("target", BigInteger),
    Column("emoji", Text),
    Column("people", BigInteger),
    Column("seq", BigInteger),
    Column("uid", Text),
    Column("user_id", Text),
)
"""A view: the people whom messages show, each with how many there are of that emoji."""

pins = Table(
    "pins",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Pinned messages."""

mentions = Table(
    "mentions",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", BigInteger, primary_key=True, autoincrement=False),
    Index("mentions_place", "conversation_id", "ordinal"),
    sqlite_with_rowid=False,
)
"""Who is named in which message; rows go when they are read."""

everyone = Table(
    "everyone",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Messages that name everybody there (uid: but their sender), whoever that is: one row, however many people there are.
Those above somebody's read mark name them."""

search_rows = Table(
    "search_rows",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    UniqueConstraint("conversation_id", "seq", name="search_rows_place"),
)
"""The messages that the search index knows, in the order of their writing; the id is the index's row."""
