"""The tables of webhooks. An erased account and an erased room take their webhooks along; what those posted stays."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

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

outgoing_hooks = Table(
    "outgoing_hooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("maker_uid", Text, ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("types", Text, nullable=False),
    Column("everywhere", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("is_on", Boolean, nullable=False),
    Column("off", Text, nullable=False),
    Column("deliveries", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("pause_until", BigInteger, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("bot_uid", Text),
    Column("failed_at", BigInteger),
    Column("failed_status", BigInteger),
    Index("outgoing_hooks_maker", "maker_uid"),
    Index("outgoing_hooks_bot", "bot_uid", unique=True),
)
"""Outgoing webhooks: see `chat.model.OutgoingHook`. types: separated by spaces. everywhere: in all rooms of the maker,
otherwise where it has a cursor. deliveries: the last `n`. failures: in a row, in whatever log; nothing is sent before
pause_until. claimed_until: a node is at work until then. failed_at, failed_status: of the last attempt that failed; NULL if
none has. bot_uid: of the webhook of a bot (Telegram's Bot API), that bot; its maker is the owner of the bot, and it has one
cursor, in the bot's own log."""

hook_cursors = Table(
    "hook_cursors",
    metadata,
    Column("hook_id", Text, ForeignKey("outgoing_hooks.id", ondelete="CASCADE"), primary_key=True),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("after", BigInteger, nullable=False),
    Column("upto", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("failing_since", BigInteger),
    Column("n", BigInteger),
    Index("hook_cursors_conversation", "conversation_id"),
    Index("hook_cursors_due_at", "due_at"),
    sqlite_with_rowid=False,
)
"""How far outgoing webhooks are: of this log they were told everything up to the `seq` after, and there are events up to upto.
attempts, failing_since, n: of the next event, if it has failed. Of a bot, after and upto count nothing but how often there was
something new in any log, because its updates have an order of their own (telegram_updates)."""

hook_deliveries = Table(
    "hook_deliveries",
    metadata,
    Column("hook_id", Text, ForeignKey("outgoing_hooks.id", ondelete="CASCADE"), primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("status", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("hook_deliveries_conversation", "conversation_id"),
    sqlite_with_rowid=False,
)
"""The last deliveries of outgoing webhooks."""
