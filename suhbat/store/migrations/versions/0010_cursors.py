"""Durable cursors, and on SQLite the journal that they read. One is for the index of the search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("position", sa.Text(), nullable=False),
    )
    # No cursor yet: its reader finds out what is in the index, because older nodes may be at work.
    if op.get_bind().dialect.name == "postgresql":
        # Numbers are assigned while the logs are locked, so within a log they ascend with seq. Transaction ids may not.
        op.execute(sa.text("ALTER TABLE journal ADD COLUMN id bigserial"))
    else:
        op.create_table(
            "journal",
            sa.Column("id", sa.Integer(), primary_key=True),
            sa.Column("body", sa.Text(), nullable=False),
        )
