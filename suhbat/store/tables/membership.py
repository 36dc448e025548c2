"""The tables of conversations, of their members, and of each member's state there: read marks, drafts, cursors."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
    true,
)

from .schema import RowId, metadata

conversations = Table(
    "conversations",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("last_ordinal", BigInteger, nullable=False),
    Column("oldest", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("topic", Text, nullable=False, server_default=""),
    Column("visibility", Text, nullable=False, server_default="private"),
    Column("history", Text, nullable=False, server_default="all"),
    Column("archived", Boolean, nullable=False, server_default=false()),
    Column("slow_mode", BigInteger, nullable=False, server_default=text("0")),
    Column("retention", BigInteger, nullable=False, server_default=text("0")),
    Column("hidden", BigInteger, nullable=False, server_default=text("0")),
    Column("picture", Text),
    Column("files", Text, nullable=False, server_default="everyone"),
    UniqueConstraint("name", name="conversations_name"),
)
"""Logs. name: 'lobby', 'd' + random (a direct), 'r' + random (a room) or '@me:' + uid (an own log, kind 'own').

head: the last seq; oldest: the lowest cursor that can be replayed. slow_mode: seconds between two messages of a member;
retention: days for which messages are kept; 0 means none for both. hidden: how many people do not see a direct (see
members). picture: the id of the file that is the picture of a room. files: who may send files."""

members = Table(
    "members",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("since", BigInteger, nullable=False, server_default=text("0")),
    Column("joined_at", BigInteger, nullable=False, server_default=text("0")),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("counts", Boolean, nullable=False, server_default=true()),
    Column("wrote", Boolean, nullable=False, server_default=false()),
    Index("members_uid", "uid"),
    Index("members_shown", "uid", "conversation_id", sqlite_where=text("NOT hidden")),
    Index("members_counted", "uid", sqlite_where=text("counts")),
    sqlite_with_rowid=False,
)
"""Memberships of directs and rooms. The lobby has none. since: the head when the member joined.

For directs: hidden: another person opened it and nobody has written yet, or the member left it. wrote: the member has written
there. counts: it counts towards the limit of conversations (the member opened it or wrote there, and did not leave). Rooms
always count."""

IS_SHOWN: ColumnElement[bool] = literal_column("NOT members.hidden")
IS_COUNTED: ColumnElement[bool] = literal_column("members.counts")
"""Conditions in the words of the indexes members_shown and members_counted; see `log.IS_DELETED`."""

directs = Table(
    "directs",
    metadata,
    Column("pair", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
)
"""The one direct of a set of people. pair: their uids, sorted and joined with |."""

invitations = Table(
    "invitations",
    metadata,
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("inviter_uid", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("invitations_uid", "uid"),
    Index("invitations_inviter_uid", "inviter_uid"),
    sqlite_with_rowid=False,
)
"""Open invitations: offered memberships, neither accepted nor declined."""

reads = Table(
    "reads",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("read_ordinal", BigInteger, nullable=False),
    Column("own_since", BigInteger, nullable=False),
    Column("furthest", BigInteger),
    sqlite_with_rowid=False,
)
"""Read marks: the ordinal up to which a user has read, and how many messages they wrote above it. furthest: the highest one
that the mark has had, if it was moved back; others see that, because receipts never go back.

unread = last_ordinal - read_ordinal - own_since - deleted messages of others above the mark (see `read.unread`)."""

drafts = Table(
    "drafts",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Drafts, shared by all devices of a user."""

notify_levels = Table(
    "notify_levels",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("level", Text, nullable=False),
    Column("until", BigInteger),
    Index("notify_levels_conversation", "conversation_id"),
    sqlite_with_rowid=False,
)
"""Of which messages users are notified, where they chose another level than the default (see `chat.notify`). until: when
the default holds again; the row stays."""

delivered = Table(
    "delivered",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The seq up to which an account has received a direct in the simple dialect, which has no cursors of its own."""
