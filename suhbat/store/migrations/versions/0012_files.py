"""Files: who owns them, what shows them, and the bytes that are still to be removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("claimed", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("backend", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("thumbnails", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger()),
        sa.Column("height", sa.BigInteger()),
        sa.Column("duration", sa.BigInteger()),
        sa.Column("thumbhash", sa.Text()),
        sa.Column("waveform", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), sa.ForeignKey("conversations.id", ondelete="CASCADE")),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("position", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("files_uid", "files", ["uid", "size"])
    op.create_index("files_key", "files", ["key"])
    shown, loose = sa.text("seq IS NOT NULL"), sa.text("seq IS NULL")
    op.create_index(
        "files_place",
        "files",
        ["conversation_id", "seq", "position"],
        unique=True,
        sqlite_where=shown,
        postgresql_where=shown,
    )
    op.create_index("files_loose", "files", ["touched_at"], sqlite_where=loose, postgresql_where=loose)
    op.create_table(
        "removals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("backend", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
    )
    op.create_index("removals_due", "removals", ["due"])
    # An older version would delete a message without its files, and an edit there would lose them.
    op.execute(sa.text("UPDATE meta SET value = '0012' WHERE key = 'serves'"))
