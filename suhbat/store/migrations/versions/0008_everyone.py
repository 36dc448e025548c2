"""Messages that name everybody: one row each, where there was one for each member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # It only adds: code of 0006 goes on counting the rows of `mentions` that are there.
    op.create_table(
        "everyone",
        sa.Column(
            "conversation_id",
            ROW_ID,
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("ordinal", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
