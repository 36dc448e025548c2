"""What is to be pushed and when; and on PostgreSQL who is looking, which all nodes must know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conversation = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    op.create_table(
        "push_due",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("conversation_id", sa.BigInteger(), conversation, primary_key=True),
        sa.Column("subscription_id", sa.Text(), primary_key=True),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("push_due_due_at", "push_due", ["due_at"])
    op.create_index("push_due_conversation", "push_due", ["conversation_id"])
    if op.get_bind().dialect.name == "postgresql":
        # Nodes of an older version neither read nor write it.
        op.execute(sa.text("ALTER TABLE online ADD COLUMN active_until bigint NOT NULL DEFAULT 0"))
