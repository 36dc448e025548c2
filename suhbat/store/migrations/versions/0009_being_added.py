"""Being added: invitations, directs that can be hidden, what counts towards somebody's conversations, daily allowances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_DIRECTS = "conversation_id IN (SELECT id FROM conversations WHERE kind = 'direct')"


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column(
            "conversation_id",
            sa.BigInteger(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("inviter_uid", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("invitations_uid", "invitations", ["uid"])
    op.create_index("invitations_inviter_uid", "invitations", ["inviter_uid"])
    op.create_table(
        "allowances",
        sa.Column("uid", sa.Text(), primary_key=True),
        sa.Column("what", sa.Text(), primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("allowances_since", "allowances", ["since"])
    op.add_column("accounts", sa.Column("added_by", sa.Text(), nullable=False, server_default="known"))
    op.add_column("conversations", sa.Column("hidden", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("members", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("members", sa.Column("counts", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("members", sa.Column("wrote", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Who opened a direct was not written down; who wrote in it was.
    op.execute(sa.text(f"UPDATE members SET counts = false WHERE {_DIRECTS}"))  # noqa: S608 (a constant)
    op.execute(
        sa.text(
            f"UPDATE members SET counts = true, wrote = true WHERE {_DIRECTS} AND EXISTS ("  # noqa: S608 (a constant)
            "SELECT 1 FROM events WHERE events.conversation_id = members.conversation_id "
            "AND events.actor_uid = members.uid AND events.ordinal IS NOT NULL)"
        )
    )
    counted = sa.text("counts")
    op.create_index("members_counted", "members", ["uid"], sqlite_where=counted, postgresql_where=counted)
    shown = sa.text("NOT hidden")
    op.create_index("members_shown", "members", ["uid", "conversation_id"], sqlite_where=shown, postgresql_where=shown)
    # Older code would leave a direct hidden to which somebody writes, and does not know the new event.
    op.execute(sa.text("UPDATE meta SET value = '0009' WHERE key = 'serves'"))
