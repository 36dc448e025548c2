"""Search: an index of words, filled from the messages that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suhbat.store import search
from suhbat.store.known import Known

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


CHUNK = 1_000


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "search_rows",
        sa.Column("id", row_id, primary_key=True),
        sa.Column("conversation_id", row_id, sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("conversation_id", "seq", name="search_rows_place"),
    )
    connection = op.get_bind()
    search.create(connection)
    known = Known()
    found = connection.exec_driver_sql(
        "SELECT conversation_id, seq, actor_uid, text FROM events WHERE ordinal IS NOT NULL AND NOT deleted "
        "ORDER BY at, conversation_id, seq"
    )
    while rows := found.fetchmany(CHUNK):
        search.index(connection, known, [tuple(row) for row in rows])
