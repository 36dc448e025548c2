"""Several nodes over one database: the journal, leases, who is online, names, passes. PostgreSQL only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SERVES = "0004"
"""The oldest code (by its own head) that can work with this schema: see `migrate.serves`."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "journal",
        sa.Column("xid", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("journal_at", "journal", ["at"])
    op.create_table(
        "nodes",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    node = sa.ForeignKey("nodes.id", ondelete="CASCADE")
    op.create_table(
        "online",
        sa.Column("node", sa.Text(), node, primary_key=True),
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lobby_from", sa.BigInteger()),
        sa.Column("here", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_index("online_version", "online", ["node", "version"])
    op.create_table(
        "names",
        sa.Column("skeleton", sa.Text(), primary_key=True),
        sa.Column("node", sa.Text(), sa.ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
    )
    op.create_index("names_node", "names", ["node"])
    op.create_table(
        "passes",
        sa.Column("hash", sa.LargeBinary(), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.execute(sa.text(f"INSERT INTO meta (key, value) VALUES ('serves', '{SERVES}')"))  # noqa: S608 (a constant)
