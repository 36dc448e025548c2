"""Threads: replies that are in the log of the conversation and count apart from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("thread", sa.BigInteger()))
    op.add_column("events", sa.Column("thread_ordinal", sa.BigInteger()))
    replies = sa.text("thread_ordinal IS NOT NULL")
    op.create_index(
        "events_thread",
        "events",
        ["conversation_id", "thread", "thread_ordinal"],
        unique=True,
        sqlite_where=replies,
        postgresql_where=replies,
    )
    op.create_table(
        "threads",
        _conversation(),
        sa.Column("root", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("last_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("replies", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "thread_marks",
        sa.Column("uid", sa.Text(), primary_key=True),
        _conversation(),
        sa.Column("root", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("read_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("thread_marks_root", "thread_marks", ["conversation_id", "root"])
    op.create_table(
        "thread_mentions",
        sa.Column("uid", sa.Text(), primary_key=True),
        _conversation(),
        sa.Column("root", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("thread_ordinal", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("thread_mentions_place", "thread_mentions", ["conversation_id", "root", "thread_ordinal"])
    # Older code takes an event without an ordinal for no message, and cannot show one.
    op.execute(sa.text("UPDATE meta SET value = '0011' WHERE key = 'serves'"))


def _conversation() -> sa.Column[int]:
    return sa.Column(
        "conversation_id", sa.BigInteger(), sa.ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
