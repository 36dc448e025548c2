"""Bots: accounts that belong to an account, their commands, and the keys with which they answer; and numbers for programs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("owner_uid", sa.Text()))
    op.add_column("accounts", sa.Column("bot_api", sa.Text()))
    op.create_index("accounts_owner_uid", "accounts", ["owner_uid"])
    op.create_table(
        "numbers",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.UniqueConstraint("ref", name="numbers_ref"),
    )
    op.create_table(
        "bot_commands",
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "invocations",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "conversation_id", sa.BigInteger(), sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("actor_uid", sa.Text(), nullable=False),
        sa.Column("thread", sa.BigInteger()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("replies", sa.BigInteger(), nullable=False),
    )
    op.create_index("invocations_at", "invocations", ["at"])
    op.create_index("invocations_uid", "invocations", ["uid", "actor_uid", "at"])
    op.create_index("invocations_actor_uid", "invocations", ["actor_uid"])
    op.create_index("invocations_conversation", "invocations", ["conversation_id"])
    # Older code cannot read users of the kind "bot", and would leave the buttons of a deleted message.
    op.execute(sa.text("UPDATE meta SET value = '0024' WHERE key = 'serves'"))
