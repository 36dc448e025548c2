"""The search index on SQLite: a contentless FTS5 table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain

from sqlalchemy import Connection, text

from suhbat.chat.search import Query
from suhbat.store.dialect import insert_rows
from suhbat.store.read.rows import AnyRow
from suhbat.store.sqlite.values import parts
from suhbat.store.tables import search_rows

SECURE_DELETE = (3, 42, 0)

Entry = tuple[int, str, list[str]]
"""An id of `search_rows`, the normalised words, the marks."""


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
    """Merge segments less often than by default: this takes a fifth off the time of indexing, and searches do not notice."""
    connection.exec_driver_sql("INSERT INTO search (search, rank) VALUES ('automerge', 16)")


def append(connection: Connection, new: Sequence[tuple[int, int, str, list[str]]]) -> None:
    """Add new messages: log id, `seq`, words, marks. Their ids ascend."""
    first = connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM search_rows").scalar_one()
    insert_rows(connection, search_rows, [(first + n, log_id, seq) for n, (log_id, seq, _, _) in enumerate(new)])
    add(connection, [(first + n, words, marks) for n, (_, _, words, marks) in enumerate(new)])


def add(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add messages that have rows in `search_rows`."""
    for part in parts(entries):
        values = ", ".join(["(?, ?, ?)"] * len(part))
        connection.exec_driver_sql(
            f"INSERT INTO search (rowid, words, marks) VALUES {values}",  # noqa: S608 (question marks)
            tuple(chain.from_iterable((id_, words, " ".join(marks)) for id_, words, marks in part)),
        )


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
    count: int,
) -> Iterable[AnyRow]:
    """Rows of `search_rows` that match all terms, all marks and one of the marks `one_of` (if any), newest first, as they
    are found."""
    parameters = {"match": _match(query, marks, one_of), "below": below, "above": above, "count": count}
    return connection.execute(_FIND, parameters)


_FIND = text(
    "SELECT search_rows.id, search_rows.conversation_id, search_rows.seq FROM search "
    "JOIN search_rows ON search_rows.id = search.rowid "
    "WHERE search MATCH :match AND search.rowid < :below AND search.rowid >= :above "
    "ORDER BY search.rowid DESC LIMIT :count"
)


def _match(query: Query, marks: Sequence[str], one_of: Sequence[str]) -> str:
    """The query in FTS5's syntax. Terms contain only letters, digits and spaces, so nothing needs escaping."""
    parts = [f'words : "{term}"{" *" if term in query.beginnings else ""}' for term in query.terms]
    parts += [f'marks : "{mark}"' for mark in marks]
    if one_of:
        parts.append("marks : (" + " OR ".join(f'"{mark}"' for mark in one_of) + ")")
    elif not parts:
        parts.append('marks : "message"')
    return " AND ".join(f"({part})" for part in parts)
