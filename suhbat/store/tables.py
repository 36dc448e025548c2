"""The tables. Times are integer milliseconds since 1970 (SQLite drops time zones); a change here needs a migration.

A message *is* its `message.created` row: an edit or a deletion changes the text in place, so that a replay renders it from
the present and nothing deleted can be read again.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite numbers rows by itself only in a column that is called INTEGER.
_RowId = BigInteger().with_variant(Integer(), "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the store itself: the epoch and the count of starts."""

users = Table(
    "users",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""Identities; a guest's row is written at the first durable act."""

guests = Table(
    "guests",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("skeleton", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("lobby_from", BigInteger, nullable=False),
    UniqueConstraint("token_hash", name="guests_token_hash"),
    Index("guests_last_used_at", "last_used_at"),
)
"""Token guests. Names are unique among those used in the last 24 h only, so not here."""

conversations = Table(
    "conversations",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("last_ordinal", BigInteger, nullable=False),
    Column("oldest", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("name", name="conversations_name"),
)
"""Logs: 'lobby', directs ('d' + random), and own logs ('@me:' + uid, kind 'own').

The head is the last seq, oldest the lowest cursor that can be replayed."""

members = Table(
    "members",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Index("members_uid", "uid"),
    sqlite_with_rowid=False,
)
"""Who is in a direct or a room; nobody is in the lobby, where everyone is."""

reads = Table(
    "reads",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("read_ordinal", BigInteger, nullable=False),
    Column("own_since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How far somebody has read, and how many messages they wrote since.

unread = last_ordinal - read_ordinal - own_since, without counting rows."""

directs = Table(
    "directs",
    metadata,
    Column("pair", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
)
"""The one direct of two identities; pair is 'uid|uid', sorted."""

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
    postgresql_where=events.c.ordinal.is_not(None),
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
