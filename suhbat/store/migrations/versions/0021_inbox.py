"""What a user is named in, what they saved, and read marks that go back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "named",
        sa.Column("conversation_id", sa.BigInteger(), _conversation(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mentioned", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("named_uid", "named", ["uid", "at", "conversation_id", "seq"])
    op.create_table(
        "saved",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("conversation_id", sa.BigInteger(), _conversation(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("saved_place", "saved", ["conversation_id", "seq"])
    op.add_column("reads", sa.Column("furthest", sa.BigInteger()))
    # Mentions in messages that were read are not stored. Those in threads all are.
    fill = "INSERT INTO named (conversation_id, seq, uid, at, mentioned) SELECT e.conversation_id, e.seq, m.uid, e.at, TRUE "
    op.execute(
        sa.text(
            fill + "FROM mentions m JOIN events e ON e.conversation_id = m.conversation_id AND e.ordinal = m.ordinal"
        )
    )
    op.execute(
        sa.text(
            fill + "FROM thread_mentions m JOIN events e ON e.conversation_id = m.conversation_id "
            "AND e.thread = m.root AND e.thread_ordinal = m.thread_ordinal"
        )
    )
    # Older code cannot read the event of a saved message.
    op.execute(sa.text("UPDATE meta SET value = '0021' WHERE key = 'serves'"))


def _conversation() -> sa.ForeignKey:
    return sa.ForeignKey("conversations.id", ondelete="CASCADE")
