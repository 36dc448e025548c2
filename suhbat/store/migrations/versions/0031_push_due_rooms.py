"""Rooms that wait in the queue of pushes have a table of their own. They were rows of `push_due` without a user, whose columns
meant something else: `attempts` when the room is due, `subscription_id` how far its people are written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_due_rooms",
        sa.Column(
            "conversation_id",
            sa.BigInteger(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("first", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("reached_uid", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_index("push_due_rooms_due_at", "push_due_rooms", ["due_at"])
    is_open = sa.text("reached_uid IS NULL")
    op.create_index(
        "push_due_rooms_open",
        "push_due_rooms",
        ["conversation_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Nodes of the version before write such rows, and know how to go on with those that are there. So these stay, and no
        # push is late if it takes a while until the first node of this version runs: see `write.older_push_rooms`.
        return
    op.execute(
        sa.text(
            "INSERT INTO push_due_rooms (conversation_id, first, seq, due_at, expires_at, reached_uid) "
            "SELECT conversation_id, first, seq, attempts, expires_at, "
            "CASE WHEN subscription_id <> '' THEN substr(subscription_id, instr(subscription_id, ' ') + 1) END "
            "FROM push_due WHERE uid = ''"
        )
    )
    op.execute(sa.text("DELETE FROM push_due WHERE uid = ''"))
