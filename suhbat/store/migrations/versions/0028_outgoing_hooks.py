"""Outgoing webhooks, how far each is in each log, and their last deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    maker = sa.ForeignKey("accounts.uid", ondelete="CASCADE")
    op.create_table(
        "outgoing_hooks",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("maker_uid", sa.Text(), maker, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("off", sa.Text(), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("pause_until", sa.BigInteger(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
    )
    op.create_index("outgoing_hooks_maker", "outgoing_hooks", ["maker_uid"])
    op.create_table(
        "hook_cursors",
        sa.Column("hook_id", sa.Text(), sa.ForeignKey("outgoing_hooks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "conversation_id",
            sa.BigInteger(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("n", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("hook_cursors_conversation", "hook_cursors", ["conversation_id"])
    op.create_index("hook_cursors_due_at", "hook_cursors", ["due_at"])
    op.create_table(
        "hook_deliveries",
        sa.Column("hook_id", sa.Text(), sa.ForeignKey("outgoing_hooks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column(
            "conversation_id",
            sa.BigInteger(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("hook_deliveries_conversation", "hook_deliveries", ["conversation_id"])
