"""Pictures of users and rooms: files that no message shows, and that stay as long as their owner has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("picture", sa.Text()))
    op.add_column("conversations", sa.Column("picture", sa.Text()))
    op.add_column("files", sa.Column("picture_of", sa.Text()))
    pictures, loose = sa.text("picture_of IS NOT NULL"), sa.text("seq IS NULL AND picture_of IS NULL")
    op.create_index(
        "files_picture", "files", ["picture_of"], unique=True, sqlite_where=pictures, postgresql_where=pictures
    )
    op.drop_index("files_loose", "files")
    op.create_index("files_loose", "files", ["touched_at"], sqlite_where=loose, postgresql_where=loose)
    # An older version would take a picture for a file that nobody sent, and delete it.
    op.execute(sa.text("UPDATE meta SET value = '0014' WHERE key = 'serves'"))
