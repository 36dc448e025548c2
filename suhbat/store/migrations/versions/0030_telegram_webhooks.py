"""Webhooks of bots that speak Telegram's Bot API, as outgoing webhooks of another kind; and when a webhook failed last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outgoing_hooks", sa.Column("bot_uid", sa.Text()))
    op.add_column("outgoing_hooks", sa.Column("failed_at", sa.BigInteger()))
    op.add_column("outgoing_hooks", sa.Column("failed_status", sa.BigInteger()))
    op.create_index("outgoing_hooks_bot", "outgoing_hooks", ["bot_uid"], unique=True)
