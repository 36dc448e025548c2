"""The tables. Times are integer milliseconds since 1970 (SQLite drops time zones); a change here needs a migration.

A message *is* its `message.created` row: an edit or a deletion changes the text in place, so that a replay renders it from
the present and nothing deleted can be read again.

The condition of an index is said for SQLite alone. On PostgreSQL the migrations write the same one; said here as well, it would
load SQLAlchemy's PostgreSQL dialect at every start.
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
    false,
    text,
    true,
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

accounts = Table(
    "accounts",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("skeleton", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text),
    Column("role", Text, nullable=False),
    Column("locale", Text),
    Column("disabled", Boolean, nullable=False),
    Column("lobby_from", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False, server_default="known"),
    UniqueConstraint("skeleton", name="accounts_skeleton"),
)
"""People with a name of their own. role is that on the server: owner, moderator or member. Without a password_hash
somebody else (the application around this one) says who they are. added_by: who may make them members at once."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary),
    Column("rotated_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    UniqueConstraint("token_hash", name="sessions_token_hash"),
    UniqueConstraint("previous_hash", name="sessions_previous_hash"),
    Index("sessions_uid", "uid"),
)
"""Log-ins. The id may be seen by its owner, the token is never stored; label is what they logged in with. previous_hash is
of the token before the present one, while both are good."""

invites = Table(
    "invites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("uses", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("code_hash", name="invites_code_hash"),
)
"""Invitations: so many more uses, until then; to the server, or also into a room."""

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
    Index("guests_skeleton", "skeleton"),
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

allowances = Table(
    "allowances",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Index("allowances_since", "since"),
    sqlite_with_rowid=False,
)
"""How many rooms somebody made, or directs they opened (what), in the day that began then."""

sanctions = Table(
    "sanctions",
    metadata,
    Column("conversation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("until", BigInteger),
    Column("reason", Text, nullable=False),
    Column("actor_uid", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("sanctions_uid", "uid"),
    sqlite_with_rowid=False,
)
"""Bans and mutes (kind), in a conversation or with 0 on the whole server; without `until` for good."""

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

directs = Table(
    "directs",
    metadata,
    Column("pair", Text, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
)
"""The one direct of a set of identities; pair is their uids, sorted, with | between."""

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

reports = Table(
    "reports",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("target", BigInteger, nullable=False),
    Column("uid", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
)
"""What people reported to those who keep order."""

audit = Table(
    "audit",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_uid", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", Text, nullable=False),
)
"""What those who keep order did; only the owner reads it."""

erasures = Table(
    "erasures",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("with_messages", Boolean, nullable=False),
    Column("conversation_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""Identities that are being erased, and the place in the logs up to which that is done."""

filtered = Table(
    "filtered",
    metadata,
    Column("word", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Words, normalised as for search, that no message may have."""

search_rows = Table(
    "search_rows",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    UniqueConstraint("conversation_id", "seq", name="search_rows_place"),
)
"""The messages that the search index knows, in the order of their writing; the id is the index's row."""
