"""The tables of identities: accounts, guests, login sessions, invites."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from .schema import metadata

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

erasures = Table(
    "erasures",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("with_messages", Boolean, nullable=False),
    Column("conversation_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""Identities that are being erased, and the place in the logs up to which that is done."""
