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
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    case,
    literal_column,
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
    Column("thread", BigInteger),
    Column("thread_ordinal", BigInteger),
    # Without a row id the rows of a log are stored together in the order of seq, and one B-tree is written instead of two.
    sqlite_with_rowid=False,
)
"""Events. Messages have a text. data: a JSON object with the further fields of the event.

thread: the seq of the root of a thread; in its replies, which have a thread_ordinal and no ordinal; in the root itself, once it
has had a reply; and in the events about a reply."""

# Ordinals are dense, so a page of history is a range of them, however many other events are between.
Index(
    "events_ordinal",
    events.c.conversation_id,
    events.c.ordinal,
    unique=True,
    sqlite_where=events.c.ordinal.is_not(None),
)

# Like ordinals, those of a thread are dense. Only replies are in this index.
Index(
    "events_thread",
    events.c.conversation_id,
    events.c.thread,
    events.c.thread_ordinal,
    unique=True,
    sqlite_where=events.c.thread_ordinal.is_not(None),
)

# Few messages are deleted, so those above a read mark are a short range of this index.
Index(
    "events_deleted",
    events.c.conversation_id,
    events.c.ordinal,
    events.c.actor_uid,
    sqlite_where=events.c.deleted,
)

IS_MESSAGE: ColumnElement[bool] = events.c.type == "message.created"
"""Whether an event is a message. Ordinals do not tell: messages of the conversation have one, replies in threads have none."""

VISIBLE_ABOVE: ColumnElement[int] = case((events.c.thread_ordinal.is_not(None), events.c.thread), else_=events.c.seq)
"""The highest floor that hides a message, a `seq`: who may not read the root of a thread may not read its replies."""

IS_DELETED: ColumnElement[bool] = literal_column("events.deleted")
"""Whether an event is deleted. For SQLite, SQLAlchemy would write `deleted = 1`, and SQLite does not use a partial index of
`WHERE deleted` for that."""

idempotency = Table(
    "idempotency",
    metadata,
    # The key comes first: clients with ascending keys then share pages; with the uid first each user has a page.
    Column("key", Text, primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Idempotency keys, each with its first answer. ordinal: that of the message; for a reply, its thread_ordinal with a minus.
digest: a hash of the post."""

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
"""Reactions. target: the seq of the message; seq: that of the reaction's event, which gives the order in time."""

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
"""How many people reacted to a message with an emoji. shown: the seq of the last reaction that the message shows, so that
showing the first ones does not read thousands."""

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
"""A view of the reactions that messages show, each with the count of its emoji."""

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
"""Mentions of users in unread messages. Rows are deleted when the message is read."""

everyone = Table(
    "everyone",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Messages that mention everybody in the conversation except the sender (uid): one row for any number of members. Those above a
member's read mark mention that member."""

search_rows = Table(
    "search_rows",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    UniqueConstraint("conversation_id", "seq", name="search_rows_place"),
)
"""The indexed messages, in the order of their writing. id: the row of the search index."""
