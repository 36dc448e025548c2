"""Reactions are counted, and an index of deleted messages.

Who reacted first stands first, so a reaction knows its event. Those of before know none: they stand in the order of their
uids, before all others. Of a message that had more than 20 different emoji the 20 most used are shown.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SHOWN = 20
SERVES = "0006"
"""Older code does not count."""


def upgrade() -> None:
    op.add_column("reactions", sa.Column("seq", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute(
        "UPDATE reactions SET seq = numbered.n FROM (SELECT conversation_id, target, emoji, uid, row_number() OVER "
        "(PARTITION BY conversation_id, target, emoji ORDER BY uid) AS n FROM reactions) AS numbered "
        "WHERE reactions.conversation_id = numbered.conversation_id AND reactions.target = numbered.target "
        "AND reactions.emoji = numbered.emoji AND reactions.uid = numbered.uid"
    )
    op.create_index("reactions_emoji", "reactions", ["conversation_id", "target", "emoji", "seq"])
    log = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    op.create_table(
        "reaction_counts",
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), log, primary_key=True),
        sa.Column("target", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("emoji", sa.Text(), primary_key=True),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO reaction_counts (conversation_id, target, emoji, people, shown) "  # noqa: S608 (a constant)
        "SELECT conversation_id, target, emoji, people, shown FROM (SELECT conversation_id, target, emoji, "
        f"count(*) AS people, CASE WHEN count(*) > {SHOWN} THEN {SHOWN} ELSE count(*) END AS shown, row_number() OVER "
        "(PARTITION BY conversation_id, target ORDER BY count(*) DESC, emoji) AS place "
        f"FROM reactions GROUP BY conversation_id, target, emoji) AS counted WHERE place <= {SHOWN}"
    )
    # CROSS JOIN tells SQLite to begin with the counts, so that of each emoji only the first people are read.
    op.execute(
        "CREATE VIEW reactions_shown AS SELECT c.conversation_id, c.target, c.emoji, c.people, r.seq, r.uid, r.user_id "
        "FROM reaction_counts AS c CROSS JOIN reactions AS r WHERE r.conversation_id = c.conversation_id "
        "AND r.target = c.target AND r.emoji = c.emoji AND r.seq <= c.shown"
    )
    op.create_index(
        "events_deleted",
        "events",
        ["conversation_id", "ordinal", "actor_uid"],
        sqlite_where=sa.text("deleted"),
        postgresql_where=sa.text("deleted"),
    )
    op.execute(sa.text(f"UPDATE meta SET value = '{SERVES}' WHERE key = 'serves'"))  # noqa: S608 (a constant)
