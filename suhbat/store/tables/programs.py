"""The tables of bots. A bot itself is a row in `people.accounts`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from .schema import metadata

numbers = Table(
    "numbers",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", Text, nullable=False),
    UniqueConstraint("ref", name="numbers_ref"),
)
"""Numbers for interfaces that know nothing else, below 2**52 and above 0. ref: a uid, or the id of a conversation. A number
that is gone with its user or conversation is not used again: they are random."""

bot_commands = Table(
    "bot_commands",
    metadata,
    Column("uid", Text, ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("description", Text, nullable=False),
    Column("usage", Text, nullable=False),
    Index("bot_commands_name", "name"),
    sqlite_with_rowid=False,
)
"""The commands that bots (uid) have registered, without their slash. position: in the list of the bot."""

invocations = Table(
    "invocations",
    metadata,
    Column("key", Text, primary_key=True),
    Column("uid", Text, ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("actor_uid", Text, nullable=False),
    Column("thread", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("replies", BigInteger, nullable=False),
    Index("invocations_at", "at"),
    Index("invocations_uid", "uid", "actor_uid", "at"),
    Index("invocations_actor_uid", "actor_uid"),
    Index("invocations_conversation", "conversation_id"),
)
"""Commands and presses of buttons that a bot (uid) may still answer. key: with which it does; thread: the root of the thread
in which the command was given; replies: how many answers it has sent."""
