"""The tables of identities: accounts, guests, login sessions, invites."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, true

from .schema import metadata

users = Table(
    "users",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""Every identity that durable rows refer to. A bare guest gets a row with their first durable event."""

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
    Column("picture", Text),
    Column("quiet", Text),
    Column("push_text", Boolean, nullable=False, server_default=true()),
    Column("owner_uid", Text),
    Column("bot_api", Text),
    UniqueConstraint("skeleton", name="accounts_skeleton"),
    Index("accounts_owner_uid", "owner_uid"),
)
"""Accounts. role: the role on the server, which is owner, moderator or member. Without a password_hash the application around
this one authenticates the user. added_by: who may add them to a room without an invitation. picture: the id of the file
that is their picture. quiet: their quiet hours as JSON; push_text: whether pushes carry the texts of messages.

owner_uid: the account to which a bot belongs; NULL for people. bot_api: how the bot is used, "native" or "telegram". The token
of a bot is that of its only login session."""

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
"""Login sessions. The owner may see the id; the token is stored as a hash only. label: the client that logged in.
previous_hash: of the token before the present one, while both are valid."""

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
"""Invites: codes with a number of remaining uses and an expiry, for the server or also for a room."""

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
"""Token guests. Names are unique only among guests used in the last 24 h, so there is no constraint."""

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
"""How many rooms a user made, or directs they opened (what), in the day that began at `since`."""

erasures = Table(
    "erasures",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("with_messages", Boolean, nullable=False),
    Column("conversation_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""Users that are being erased, and the event up to which that is done."""
