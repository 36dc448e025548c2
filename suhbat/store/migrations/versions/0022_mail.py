"""Addresses of accounts, the codes that were mailed to them, and the mails that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_addresses",
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("address", sa.Text()),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("wanted", sa.Text()),
        sa.Column("digest", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("digest_at", sa.BigInteger()),
        sa.Column("refused_at", sa.BigInteger()),
        sa.Column("folded", sa.Text()),
    )
    op.create_index("mail_addresses_folded", "mail_addresses", ["folded"])
    op.create_table(
        "mail_codes",
        sa.Column("hash", sa.LargeBinary(), primary_key=True),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("mail_codes_uid", "mail_codes", ["uid"])
    op.create_index("mail_codes_expires_at", "mail_codes", ["expires_at"])
    op.create_table(
        "mails",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), sa.ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False, server_default="0"),
        sa.UniqueConstraint("key", name="mails_key"),
    )
    op.create_index("mails_due_at", "mails", ["due_at"])
    op.create_index("mails_uid", "mails", ["uid"])
