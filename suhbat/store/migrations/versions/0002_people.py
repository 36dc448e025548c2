"""People and rooms: accounts, sessions, invitations, membership, moderation, reactions, drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _conversation(*, primary_key: bool = False, nullable: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    return sa.Column("conversation_id", ROW_ID, key, primary_key=primary_key, nullable=nullable, autoincrement=False)


def upgrade() -> None:
    op.add_column("conversations", sa.Column("topic", sa.Text(), nullable=False, server_default=""))
    op.add_column("conversations", sa.Column("visibility", sa.Text(), nullable=False, server_default="private"))
    op.add_column("conversations", sa.Column("history", sa.Text(), nullable=False, server_default="all"))
    op.add_column("conversations", sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("conversations", sa.Column("slow_mode", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("conversations", sa.Column("retention", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("members", sa.Column("since", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("members", sa.Column("joined_at", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "accounts",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("skeleton", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text()),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("lobby_from", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("skeleton", name="accounts_skeleton"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary()),
        sa.Column("rotated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.UniqueConstraint("token_hash", name="sessions_token_hash"),
        sa.UniqueConstraint("previous_hash", name="sessions_previous_hash"),
    )
    op.create_index("sessions_uid", "sessions", ["uid"])
    op.create_table(
        "invites",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _conversation(nullable=True),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("code_hash", name="invites_code_hash"),
    )
    op.create_table(
        "sanctions",
        sa.Column("conversation_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("until", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_uid", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("sanctions_uid", "sanctions", ["uid"])
    op.create_table(
        "reactions",
        _conversation(primary_key=True),
        sa.Column("target", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("emoji", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pins",
        _conversation(primary_key=True),
        sa.Column("target", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mentions",
        sa.Column("uid", sa.Text(), primary_key=True),
        _conversation(primary_key=True),
        sa.Column("ordinal", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("mentions_place", "mentions", ["conversation_id", "ordinal"])
    op.create_table(
        "drafts",
        sa.Column("uid", sa.Text(), primary_key=True),
        _conversation(primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivered",
        sa.Column("uid", sa.Text(), primary_key=True),
        _conversation(primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reports",
        sa.Column("id", ROW_ID, primary_key=True),
        _conversation(),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_uid", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("with_messages", sa.Boolean(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "filtered",
        sa.Column("word", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
