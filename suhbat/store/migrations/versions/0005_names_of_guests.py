"""An index for the names of guests: whoever comes with a name asks whether a guest has it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # It only adds: who serves a schema of 0004 serves this one, so what `serves` says stays.
    op.create_index("guests_skeleton", "guests", ["skeleton"])
