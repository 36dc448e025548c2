"""Incoming webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conversation = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    maker = sa.ForeignKey("accounts.uid", ondelete="CASCADE")
    op.create_table(
        "incoming_hooks",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), conversation, nullable=False),
        sa.Column("maker_uid", sa.Text(), maker, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("token_hash", name="incoming_hooks_token_hash"),
    )
    op.create_index("incoming_hooks_conversation", "incoming_hooks", ["conversation_id"])
    op.create_index("incoming_hooks_maker", "incoming_hooks", ["maker_uid"])
