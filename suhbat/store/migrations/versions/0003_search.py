"""Search: an index of words, filled from the messages that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suhbat.store import search

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHUNK = 1_000
_NEXT = sa.text(
    "SELECT search_rows.id, conversation_id, actor_uid, text FROM search_rows JOIN events USING (conversation_id, seq) "
    "WHERE search_rows.id > :last ORDER BY search_rows.id LIMIT :count"
)


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
    # In the order of their writing, which `at` alone is not, where a clock was set back: in a log ids must ascend with seq.
    # By their places only: temporary files are in memory, where a million texts should not be.
    connection.exec_driver_sql(
        "INSERT INTO search_rows (id, conversation_id, seq) "
        "SELECT row_number() OVER (ORDER BY moment, conversation_id, seq), conversation_id, seq FROM ("
        "SELECT conversation_id, seq, max(at) OVER (PARTITION BY conversation_id ORDER BY seq) AS moment "
        "FROM events WHERE ordinal IS NOT NULL AND NOT deleted)"
    )
    last = 0
    while rows := connection.execute(_NEXT, {"last": last, "count": CHUNK}).all():
        search.feed(connection, [tuple(row) for row in rows])
        last = rows[-1].id
