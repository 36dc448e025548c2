"""Of which messages users are notified: a level for each conversation, quiet hours, and the contents of pushes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conversation = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    op.create_table(
        "notify_levels",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("conversation_id", sa.BigInteger(), conversation, primary_key=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("notify_levels_conversation", "notify_levels", ["conversation_id"])
    op.add_column("accounts", sa.Column("quiet", sa.Text()))
    op.add_column("accounts", sa.Column("push_text", sa.Boolean(), nullable=False, server_default=sa.true()))
    # Older code cannot read the event of a chosen level.
    op.execute(sa.text("UPDATE meta SET value = '0016' WHERE key = 'serves'"))
