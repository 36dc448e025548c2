"""The tables of push subscriptions, and of what is to be pushed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, text

from .schema import metadata

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("endpoint_hash", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("auth", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    UniqueConstraint("endpoint_hash", name="push_subscriptions_endpoint"),
    Index("push_subscriptions_uid", "uid"),
    Index("push_subscriptions_session", "session_id"),
)
"""See `chat.model.PushSubscription`. The end of a login session deletes its subscriptions, on nodes of an older version, too.
endpoint_hash: SHA-256, because an endpoint is longer than what an index of PostgreSQL can hold."""

push_due = Table(
    "push_due",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("subscription_id", Text, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Index("push_due_due_at", "due_at"),
    Index("push_due_conversation", "conversation_id"),
    sqlite_with_rowid=False,
)
"""Who is to be told of new messages in a conversation, and when: one row for any number of messages. first, seq: the first and
the last of them. due_at: a claim moves it, too. expires_at: nothing is pushed after this time.

subscription_id: empty for all subscriptions of the user; otherwise the one to which a push is repeated, with the number of
attempts."""

push_due_rooms = Table(
    "push_due_rooms",
    metadata,
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("reached_uid", Text),
    Index("push_due_rooms_due_at", "due_at"),
    Index("push_due_rooms_open", "conversation_id", unique=True, sqlite_where=text("reached_uid IS NULL")),
    sqlite_with_rowid=False,
)
"""Rooms in which those who want to be told of everything are to be told of new messages, and when: then rows of `push_due` are
written for them, in the order of their uids (`write.push_rooms`). first, seq, expires_at: as there. No message is in two rows.

reached_uid: the last user whose row is written. NULL while there is none: until then further messages are added to the row, of
which a room has at most one."""
