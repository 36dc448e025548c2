"""Words are folded further: Turkish and Polish letters, and scripts without spaces, whose characters are words now."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from suhbat.chat.normalise import normalise
from suhbat.store import fts5, search
from suhbat.store.dialect import is_postgres

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHUNK = 1_000
_NEXT = sa.text(
    "SELECT search_rows.id, conversation_id, actor_uid, text FROM search_rows JOIN events USING (conversation_id, seq) "
    "WHERE search_rows.id > :last ORDER BY search_rows.id LIMIT :count"
)
# Every letter whose form changed is among these.
_CHANGED = re.compile(
    "[\u0110\u0111\u0126\u0127\u0131\u0141\u0142\u00d8\u00f8\u01fe\u01ff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u210f\u2e80-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua640-\uabff\uf900-\ufaff\uff00-\uffef\U00010780-\U000107ff"
    "\U0001d6a4\U0001f100-\U0001f2ff\U00020000-\U0003ffff]"
)


def upgrade() -> None:
    connection = op.get_bind()
    _fold_filtered(connection)
    if is_postgres(connection):
        # Nodes of the version before may be at work: only the rows that change are touched, and no row is without words.
        for rows in _chunks(connection):
            search.feed(connection, [row for row in rows if _CHANGED.search(row[3])])
    elif any(_CHANGED.search(row[3]) for rows in _chunks(connection) for row in rows):
        # A contentless index takes a word out only if it is told which, in the form of then: so it is made anew.
        fts5.clear(connection)
        for rows in _chunks(connection):
            search.feed(connection, rows)


def _chunks(connection: sa.Connection) -> Iterator[list[tuple[int, int, str, str]]]:
    """The messages that the index knows, some at a time."""
    last = 0
    while rows := connection.execute(_NEXT, {"last": last, "count": CHUNK}).all():
        yield [(row[0], row[1], row[2], row[3]) for row in rows]
        last = rows[-1][0]


def _fold_filtered(connection: sa.Connection) -> None:
    """The words that no message may have are kept in their one form."""
    filtered = sa.table("filtered", sa.column("word", sa.String), sa.column("at", sa.BigInteger))
    before = {row.word: row.at for row in connection.execute(sa.select(filtered))}
    after = {normalise(word): at for word, at in before.items() if normalise(word)}
    if after != before:
        connection.execute(filtered.delete())
        if after:
            connection.execute(filtered.insert(), [{"word": word, "at": at} for word, at in after.items()])
