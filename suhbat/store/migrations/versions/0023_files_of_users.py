"""An index of the files of each user that no message shows, which are counted at every upload."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    loose = sa.text("seq IS NULL AND picture_of IS NULL")
    op.create_index("files_loose_of", "files", ["uid"], sqlite_where=loose, postgresql_where=loose)
