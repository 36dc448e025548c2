"""An index of the commands of bots by name: a text that begins with `/` looks for the bots that know it. And the numbers of
guests who are gone are deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("bot_commands_name", "bot_commands", ["name"])
    op.execute(
        sa.text(
            "DELETE FROM numbers WHERE EXISTS (SELECT 1 FROM users WHERE users.uid = numbers.ref AND users.kind = 'guest') "
            "AND NOT EXISTS (SELECT 1 FROM guests WHERE guests.uid = numbers.ref)"
        )
    )
