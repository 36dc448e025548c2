"""The search index on PostgreSQL: a `tsvector` column of `search_rows` with a GIN index.

The vectors are made here and not by PostgreSQL's parser, because the words are normalised already. Marks begin with a colon,
which no word contains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, text

from suhbat.chat.search import Query

NEWEST = 20_000
"""How many of the newest rows are scanned before the index is used for the older ones: a common word is found in them, and of a
rare word the index has few entries."""
_HIGHEST_POSITION = 16_383

_APPEND = (
    "INSERT INTO search_rows (conversation_id, seq, words) "
    "SELECT log, seq, words::tsvector FROM {unnest} AS v(log, seq, words) ON CONFLICT DO NOTHING"
)

Entry = tuple[int, str, list[str]]
"""An id of `search_rows`, the normalised words, the marks."""


def create(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE search_rows ADD COLUMN words tsvector")
    # Without the list of pending entries, which some later write would have to merge.
    connection.exec_driver_sql("CREATE INDEX search_words ON search_rows USING gin (words) WITH (fastupdate = off)")


def append(connection: Connection, new: Sequence[tuple[int, int, str, list[str]]]) -> None:
    """Add new messages: log id, `seq`, words, marks. Those that are there already are skipped."""
    # Imported late: SQLite has no such driver.
    from .postgres.arrays import write

    rows = [(log_id, seq, _vector(words, marks)) for log_id, seq, words, marks in new]
    write(connection, _APPEND, ("bigint", "bigint", "text"), rows)


def add(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add messages that have rows in `search_rows`."""
    connection.exec_driver_sql(
        "UPDATE search_rows SET words = v.words::tsvector FROM unnest(%s::bigint[], %s::text[]) AS v(id, words) "
        "WHERE search_rows.id = v.id",
        ([id_ for id_, _, _ in entries], [_vector(words, marks) for _, words, marks in entries]),
    )


def remove(connection: Connection, id_: int, words: str, marks: Sequence[str]) -> None:
    connection.exec_driver_sql("UPDATE search_rows SET words = NULL WHERE id = %s", (id_,))


def find(
    connection: Connection,
    query: Query,
    marks: Sequence[str],
    one_of: Sequence[str],
    below: int,
    above: int,
    most: int,
    *,
    in_steps: bool,
) -> Iterator[tuple[int, int, int]]:
    """At most so many messages that match all terms, all marks and one of the marks `one_of` (if any), newest first: their ids
    in the index, log ids, `seq`s. It has no steps."""
    parameters = {"query": _query(query, marks, one_of), "below": below, "above": above, "count": most}
    border = connection.execute(_BORDER, parameters | {"newest": NEWEST}).scalar()
    rows = list(connection.execute(_NEWEST, parameters | {"border": above if border is None else border}).all())
    if border is not None and len(rows) < most:
        rows += connection.execute(_OLDER, parameters | {"border": border, "count": most - len(rows)}).all()
    yield from ((row[0], row[1], row[2]) for row in rows)


_COLUMNS = "SELECT id, conversation_id, seq FROM search_rows WHERE words @@ CAST(:query AS tsquery)"
_BORDER = text("SELECT id FROM search_rows WHERE id < :below AND id >= :above ORDER BY id DESC OFFSET :newest LIMIT 1")
# `id + 0` makes the planner use the index of words for old rows; for the newest rows it should use the primary key.
_NEWEST = text(f"{_COLUMNS} AND id < :below AND id >= :border ORDER BY id DESC LIMIT :count")
_OLDER = text(f"{_COLUMNS} AND id + 0 < :border AND id + 0 >= :above ORDER BY id + 0 DESC LIMIT :count")


def _vector(words: str, marks: Sequence[str]) -> str:
    """The text of a tsvector: each word with its position."""
    new = [f"'{word}':{min(n, _HIGHEST_POSITION)}" for n, word in enumerate(words.split(), 1)]
    return " ".join([*new, *(f"':{mark}'" for mark in marks)])


def _query(query: Query, marks: Sequence[str], one_of: Sequence[str]) -> str:
    """The text of a tsquery. Terms contain only letters, digits and spaces, so nothing needs escaping."""
    parts = [_phrase(term, beginning=term in query.beginnings) for term in query.terms]
    parts += [f"':{mark}'" for mark in marks]
    if one_of:
        parts.append("(" + " | ".join(f"':{mark}'" for mark in one_of) + ")")
    elif not parts:
        parts.append("':message'")
    return " & ".join(parts)


def _phrase(term: str, *, beginning: bool) -> str:
    words = [f"'{word}'" for word in term.split()]
    if beginning:
        words[-1] += ":*"
    return "(" + " <-> ".join(words) + ")"
