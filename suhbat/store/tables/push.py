"""The table of push subscriptions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

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
