"""Updates of Telegram's Bot API: which events a bot was told of, and which it has confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telegram_bots",
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("poller", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "telegram_updates",
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column(
            "conversation_id", sa.BigInteger(), sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("telegram_updates_conversation", "telegram_updates", ["conversation_id"])
    op.create_table(
        "telegram_cursors",
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "conversation_id",
            sa.BigInteger(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("telegram_cursors_conversation", "telegram_cursors", ["conversation_id"])
