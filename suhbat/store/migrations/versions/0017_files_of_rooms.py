"""Who may send files in a conversation; and an index for pages of its files of one kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("files", sa.Text(), nullable=False, server_default="everyone"))
    shown = sa.text("seq IS NOT NULL")
    op.create_index(
        "files_kind",
        "files",
        ["conversation_id", "kind", "seq", "position"],
        sqlite_where=shown,
        postgresql_where=shown,
    )
