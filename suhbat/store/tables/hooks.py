"""The tables of webhooks. An erased account and an erased room take their webhooks along; what those posted stays."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from .schema import metadata

incoming_hooks = Table(
    "incoming_hooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("maker_uid", Text, ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("token_hash", name="incoming_hooks_token_hash"),
    Index("incoming_hooks_conversation", "conversation_id"),
    Index("incoming_hooks_maker", "maker_uid"),
)
"""Incoming webhooks: whoever has the token posts in the conversation, as the identity `uid`, which nothing else has, and only
while maker_uid may write there. The token is stored as a hash."""
