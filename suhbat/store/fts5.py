"""The search index on SQLite: a contentless FTS5 table.

FTS5 returns nothing while nothing matches, however long that takes. So the index also has entries that are not messages, the
ticks, at multiples of STEP. A query in steps asks for the matches and the ticks, and so a reader knows how far it has come, and
can stop there. New messages get no such id. Messages of an older version may have one, and a tick beside it.

A tick costs up to 40 us, which is most of what a search for a rare word costs in steps. So only a search for a phrase or for
many words comes to all of them; any other comes to the wide ones, at multiples of WIDE_STEP.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, count, islice

from sqlalchemy import Connection

from suhbat.chat.search import Query
from suhbat.store.dialect import insert_rows
from suhbat.store.sqlite import values
from suhbat.store.tables import search_rows

SECURE_DELETE = (3, 42, 0)
STEP = 8_192
"""The distance of the ticks. The most expensive phrase takes 1 to 3 ms from one to the next."""
WIDE_STEP = 131_072
"""The distance of the wide ticks. Few words and marks take 1 to 3 ms from one to the next."""
FEW_WORDS = 3
"""For more words the wide ticks are too far apart: twenty words of half the messages took 32 ms from one to the next."""
_WIDE_TICK = "\ue000"
_TICK = "\ue001"
"""The mark of the other ticks. Each tick also has a mark of its own: the wide one with its id. No word contains these
characters."""

Entry = tuple[int, str, list[str]]
"""An id of `search_rows`, the normalised words, the marks."""
Found = tuple[int, int | None, int | None]
"""A message: its id in the index, log id, `seq`. Or an id only: everything down to it was looked at."""


def begins_in_steps(query: Query, below: int | None) -> bool:
    """Whether a page should go in steps at once: its search has paused at a tick, or it may be long and its steps are wide."""
    is_filtered = (
        query.sender is not None or query.conversation is not None or query.link or query.files or query.in_thread
    )
    return (below is not None and below % STEP == 0) or (is_filtered and bool(query.terms) and _is_wide(query))


def _is_wide(query: Query) -> bool:
    return len(query.terms) <= FEW_WORDS and not any(" " in term for term in query.terms)


def create(connection: Connection) -> None:
    """Create the index without column sizes and content, because nothing is ranked and texts are read from the log. It has
    prefix indexes, because collecting all words that begin with two given letters took 70 ms in a million messages."""
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE search USING fts5(words, marks, content='', columnsize=0, prefix='2 3', "
        'tokenize="unicode61 remove_diacritics 0")'
    )
    if sqlite3.sqlite_version_info >= SECURE_DELETE:
        # Otherwise a word of a deleted message stays in the file until pages are merged, although nothing finds it.
        connection.exec_driver_sql("INSERT INTO search (search, rank) VALUES ('secure-delete', 1)")


def clear(connection: Connection) -> None:
    """Delete all words. The rows of `search_rows` stay, for `add`."""
    connection.exec_driver_sql("INSERT INTO search (search) VALUES ('delete-all')")


def tune(connection: Connection) -> None:
    """Set what an index may have from an older version. It merges segments less often than by default: this takes a fifth off
    the time of indexing, and searches do not notice. And it has all ticks."""
    connection.exec_driver_sql("INSERT INTO search (search, rank) VALUES ('automerge', 16)")
    found = connection.exec_driver_sql("SELECT rowid FROM search WHERE search MATCH ?", (_ticks(wide=False),))
    there = set(found.scalars())
    highest = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM search_rows").scalar_one()
    _add_ticks(connection, [id_ for id_ in range(STEP, highest + 1, STEP) if id_ not in there])


def append(connection: Connection, new: Sequence[tuple[int, int, str, list[str]]]) -> None:
    """Add new messages: log id, `seq`, words, marks. Their ids ascend."""
    first = values.fetch(connection, "SELECT coalesce(max(id), 0) + 1 FROM search_rows")[0][0]
    ids = list(islice((id_ for id_ in count(first) if id_ % STEP), len(new)))
    named = list(zip(ids, new, strict=True))
    insert_rows(connection, search_rows, [(id_, log_id, seq) for id_, (log_id, seq, _, _) in named])
    add(connection, [(id_, words, marks) for id_, (_, _, words, marks) in named])
    _add_ticks(connection, range(-(-first // STEP) * STEP, ids[-1] + 1, STEP))


def _add_ticks(connection: Connection, ids: Sequence[int]) -> None:
    marks = {id_: _TICK if id_ % WIDE_STEP else _WIDE_TICK for id_ in ids}
    add(connection, [(id_, "", [mark, f"{_WIDE_TICK}{id_}"]) for id_, mark in marks.items()])


def _ticks(*, wide: bool) -> str:
    """What matches the ticks, or the wide ones only, in FTS5's syntax."""
    return f'marks : "{_WIDE_TICK}"' if wide else f'marks : ("{_WIDE_TICK}" OR "{_TICK}")'


def add(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add messages that have rows in `search_rows`."""
    for part in values.parts(entries):
        entry = tuple(chain.from_iterable([(id_, words, " ".join(marks)) for id_, words, marks in part]))
        values.execute(connection, _add_text(len(part)), entry)


@cache
def _add_text(count: int) -> str:
    return f"INSERT INTO search (rowid, words, marks) VALUES {', '.join(['(?, ?, ?)'] * count)}"  # noqa: S608 (question marks)


def remove(connection: Connection, id_: int, words: str, marks: Sequence[str]) -> None:
    """Remove a message. A contentless index needs the indexed words for this."""
    connection.exec_driver_sql(
        "INSERT INTO search (search, rowid, words, marks) VALUES ('delete', ?, ?, ?)", (id_, words, " ".join(marks))
    )


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
) -> Iterator[Found]:
    """At most so many messages that match all terms, all marks and one of the marks `one_of` (if any), newest first, as they
    are found; `in_steps`, also how far this has come. Close it if you do not take everything."""
    wanted = _parts(query, marks, one_of)
    # Each part has the ticks: a scan for parts that never match together must come to them as well.
    or_tick = f" OR {_ticks(wide=_is_wide(query))}" if in_steps else ""
    match = " AND ".join(f"({part}{or_tick})" for part in wanted)
    matched = 0
    with connection.exec_driver_sql(_FIND, (match, below, above)) as rows:
        for id_, log_id, seq in rows:
            if not in_steps or id_ % STEP or (log_id is not None and _is_match(connection, wanted, id_)):
                yield id_, log_id, seq
                matched += 1
                if matched == most:
                    return
            if in_steps and not id_ % STEP:
                yield id_, None, None


_FIND = (
    "SELECT search.rowid, search_rows.conversation_id, search_rows.seq FROM search "
    "LEFT JOIN search_rows ON search_rows.id = search.rowid "
    "WHERE search MATCH ? AND search.rowid < ? AND search.rowid >= ? ORDER BY search.rowid DESC"
)


def _is_match(connection: Connection, parts: Sequence[str], tick: int) -> bool:
    """Whether the message with the id of a tick matches."""
    match = " AND ".join(f"({part})" for part in (*parts, f'marks : "{_WIDE_TICK}{tick}"'))
    return connection.exec_driver_sql("SELECT 1 FROM search WHERE search MATCH ?", (match,)).first() is not None


def _parts(query: Query, marks: Sequence[str], one_of: Sequence[str]) -> list[str]:
    """What must all match, in FTS5's syntax. Terms contain only letters, digits and spaces, so nothing needs escaping."""
    parts = [f'words : "{term}"{" *" if term in query.beginnings else ""}' for term in query.terms]
    parts += [f'marks : "{mark}"' for mark in marks]
    if one_of:
        parts.append("marks : (" + " OR ".join(f'"{mark}"' for mark in one_of) + ")")
    return parts or ['marks : "message"']
