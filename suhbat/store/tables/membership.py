"""The tables of conversations, of who is in them, and of what each member keeps there: read marks, drafts, cursors."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, UniqueConstraint, false, text, true

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
    UniqueConstraint("name", name="conversations_name"),
)
"""Logs: 'lobby', directs ('d' + random), rooms ('r' + random), and own logs ('@me:' + uid, kind 'own').

The head is the last seq, oldest the lowest cursor that can be replayed. slow_mode: seconds between two messages of one
member; retention: days that messages are kept; 0 for both: none. hidden: how many do not see a direct (see members)."""

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
"""Who is in a direct or a room; nobody is in the lobby, where everyone is. since: the head at their joining.

Of directs: hidden, where somebody else opened it and nobody wrote yet, or they left; wrote, whether they ever wrote there;
counts, whether it is one of the conversations that somebody may have so many of (they opened it or wrote, and did not
leave). Rooms always count."""

directs = Table(
    "directs",
    metadata,
    Column("pair", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
)
"""The one direct of a set of identities; pair is their uids, sorted, with | between."""

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
"""Memberships that are offered, and not accepted or declined yet."""

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

unread = last_ordinal - read_ordinal - own_since, less what was deleted of others' (see `unread`)."""

drafts = Table(
    "drafts",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What somebody has begun to write, over all of their devices."""

delivered = Table(
    "delivered",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How far an account was shown each direct in the simple dialect, which has no cursors of its own."""
