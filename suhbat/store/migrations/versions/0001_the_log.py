"""The log: conversations, events, idempotency, people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _conversation(*, primary_key: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    return sa.Column("conversation_id", ROW_ID, key, primary_key=primary_key, nullable=False, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "guests",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("skeleton", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("lobby_from", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("token_hash", name="guests_token_hash"),
    )
    op.create_index("guests_last_used_at", "guests", ["last_used_at"])
    op.create_table(
        "conversations",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("last_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("oldest", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("name", name="conversations_name"),
    )
    op.create_table(
        "members",
        _conversation(primary_key=True),
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("role", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("members_uid", "members", ["uid"])
    op.create_table(
        "reads",
        sa.Column("uid", sa.Text(), primary_key=True),
        _conversation(primary_key=True),
        sa.Column("read_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("own_since", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "directs",
        sa.Column("pair", sa.Text(), primary_key=True),
        _conversation(),
    )
    op.create_table(
        "events",
        _conversation(primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_uid", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger()),
        sa.Column("text", sa.Text()),
        sa.Column("client_id", sa.Text()),
        sa.Column("reply_to", sa.BigInteger()),
        sa.Column("edited_at", sa.BigInteger()),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("target", sa.BigInteger()),
        sa.Column("data", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "events_ordinal",
        "events",
        ["conversation_id", "ordinal"],
        unique=True,
        sqlite_where=sa.text("ordinal IS NOT NULL"),
        postgresql_where=sa.text("ordinal IS NOT NULL"),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("uid", sa.Text(), primary_key=True),
        _conversation(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
