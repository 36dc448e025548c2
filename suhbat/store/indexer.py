"""The indexer: adds new messages to the index of the search, after their commit, with the durable cursor NAME.

A message is indexed from its present row, so the words of a deleted or edited text are never added. What is indexed already is
removed or replaced by the deletion or the edit itself. On PostgreSQL both may happen at the same time on two nodes. There the
indexer locks the rows that it reads until its commit, and whoever changes a row looks into the index after that: one of the two
waits for the other. The indexer itself waits for nobody while it holds such locks, so that there is no deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

import structlog
from sqlalchemy import Connection, func, select

from suhbat.errors import log_text

from . import cursors, search
from .dialect import is_contended, is_postgres, is_trouble
from .journal import Cursor, NoCursor, Range
from .search import SearchEntry
from .sqlite import values
from .tables import IS_MESSAGE, conversations, events, search_rows

log = structlog.get_logger("suhbat.store")

NAME = "search"
CHUNK = 128
"""Events handled between two looks at the time."""

_THREAD = "CASE WHEN thread_ordinal IS NOT NULL THEN thread END"
"""The root of the thread in which a message is a reply."""
_OF_POSTGRES = (
    f"SELECT events.conversation_id, events.seq, actor_uid, text, {_THREAD}, data "  # noqa: S608 (a constant)
    "FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS v(log, first, last, n) "
    "JOIN events ON events.conversation_id = v.log AND events.seq BETWEEN v.first AND v.last "
    "WHERE type = 'message.created' AND NOT deleted ORDER BY v.n, events.seq FOR SHARE OF events NOWAIT"
)


def feed(
    connection: Connection, goes_on: Callable[[], bool], *, waits: bool = False, singly: bool = False
) -> bool | None:
    """Index the next messages while `goes_on`, at least some. The transaction must be the indexer's own. `singly`: one by one,
    without those that cannot be indexed; this takes several times as long.

    Returns whether everything committed before the call is indexed; without `waits`, None while another node is the indexer.
    """
    try:
        cursor = cursors.open_cursor(connection, NAME, waits=waits)
    except NoCursor:
        cursor = _begun(connection, waits=waits)
    if cursor is None:
        return None
    is_done = False
    while not is_done:
        ranges = cursor.take(CHUNK)
        if singly:
            _index_singly(connection, ranges)
        else:
            for part in values.parts(ranges):
                search.index(connection, _messages(connection, part))
        is_done = sum(last - first + 1 for _, first, last in ranges) < CHUNK
        if not goes_on():
            break
    cursor.save()
    return is_done


def _begun(connection: Connection, *, waits: bool) -> Cursor | None:
    """The cursor, which this transaction makes unless another node has. None while another node makes it, without `waits`."""
    if not cursors.makes(connection, NAME, waits=waits):
        return None
    try:
        return cursors.open_cursor(connection, NAME, waits=waits)  # the other node was quicker
    except NoCursor:
        begin(connection)
        return cursors.open_cursor(connection, NAME, waits=waits)


def begin(connection: Connection) -> None:
    """Make the cursor. Messages of a log are indexed in order, so it has missed those above the last indexed one."""
    of_log = conversations.c.id
    indexed = select(func.max(search_rows.c.seq)).where(search_rows.c.conversation_id == of_log).scalar_subquery()
    messages = select(events.c.seq).where(events.c.conversation_id == of_log, IS_MESSAGE)
    newest = messages.order_by(events.c.seq.desc()).limit(1).scalar_subquery()
    query = select(of_log, func.coalesce(indexed, 0), func.coalesce(newest, 0), cursors.end(connection))
    # The lobby is always there. In order, so that what is found has the same order on either database.
    rows = connection.execute(query.where(conversations.c.kind != "own").order_by(of_log)).all()
    missed = [(log_id, last + 1, newest) for log_id, last, newest, _ in rows if newest > last]
    cursors.begin(connection, NAME, rows[0][3], missed)


def _index_singly(connection: Connection, ranges: Sequence[Range]) -> None:
    for log_id, first, last in ranges:
        for seq in range(first, last + 1):
            savepoint = connection.begin_nested()
            try:
                search.index(connection, _messages(connection, [(log_id, seq, seq)]))
            except Exception as error:
                if is_trouble(error) or is_contended(error):
                    raise
                savepoint.rollback()
                log.error("search: message cannot be indexed", log_id=log_id, seq=seq, error=log_text(error))
            else:
                savepoint.commit()


def _messages(connection: Connection, ranges: Sequence[Range]) -> list[SearchEntry]:
    """The messages in these ranges as they are now, without deleted ones, in the order of the ranges. Locked on PostgreSQL."""
    if not is_postgres(connection):
        found: Iterable[Any] = values.fetch(connection, _of_sqlite(len(ranges)), tuple(chain.from_iterable(ranges)))
    else:
        found = connection.exec_driver_sql(_OF_POSTGRES, tuple(map(list, zip(*ranges, strict=True))))
    return [(row[0], row[1], row[2], search.searchable(row[3], row[5]), row[4]) for row in found]


def _of_sqlite(count: int) -> str:
    # CROSS JOIN makes SQLite begin with the values, which have the order of the journal.
    return (
        f"WITH v(log, first, last) AS (VALUES {', '.join(['(?, ?, ?)'] * count)}) "  # noqa: S608 (question marks)
        f"SELECT conversation_id, seq, actor_uid, text, {_THREAD}, data FROM v CROSS JOIN events "
        "WHERE conversation_id = log AND seq BETWEEN first AND last AND type = 'message.created' AND NOT deleted"
    )
