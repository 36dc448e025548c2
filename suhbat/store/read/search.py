"""Search over messages: pages that are not ranked, newest first. The index is in `search`; found messages are read from the log
as they are now.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, literal, select, true

from suhbat.chat.model import Actor, Milliseconds, SearchPage
from suhbat.chat.search import Query
from suhbat.errors import BadRequest
from suhbat.protocol.objects import Message
from suhbat.protocol.types import LOBBY
from suhbat.store import fts5
from suhbat.store.dialect import TookTooLong, find_rows, is_postgres, time_limit
from suhbat.store.search import conversation_marks, index_in, last_id, sender_mark, thread_mark
from suhbat.store.tables import conversations, events, members, search_rows

from .floor import LobbyHistory, lobby_floor, member_floor
from .messages import MESSAGE, messages

FEW = 100
MANY = 1_000
"""The number of conversations up to which the query names their marks (25 us each). The first scan names them only if there
are at most FEW, because the newest matches of all conversations often suffice. With more than MANY, matches are filtered
afterwards."""
SCANNED = 5_000
"""Matches scanned for one page, at most. The next page continues there."""
QUICK_SECONDS = 0.005
"""Processor time in which SQLite looks for matches without telling how far it has come. Most searches take less. Others begin
again, in steps, which cost a little more. A search for few words with a filter, which may be long and whose steps are wide, and
a page that continues where a search has paused, begin with steps."""
PAUSE_SECONDS = 0.014
"""Processor time of a page. Then it ends at a step or after a batch of matches, even if it is empty, and the next page
continues there. A phrase of common words that nobody has said would take 0.2 s in a million messages.

Waiting for the disk or for a processor does not count in these two: it costs nobody else anything, and on a busy machine a page
should have what it has on an idle one."""
SECONDS = 0.5
"""Time limit of one page. It is reached on PostgreSQL, and if the disk is slow."""
SHORTEST_SECONDS = 0.01
_BATCH = 200
Beginning = tuple[int, int]
"""Where a user may begin to read a log: their floor, and the index id of the first message above it."""


def find(
    connection: Connection,
    actor: Actor,
    query: Query,
    sender: str | None,
    *,
    limit: int,
    below: int | None,
    lobby_history: LobbyHistory,
    steady: Callable[[], float] = time.monotonic,
    busy: Callable[[], float] = time.thread_time,
) -> SearchPage:
    """The messages that match and that the actor may read now, newest first. `sender`: a uid; `below`: the cursor of the page
    before.

    Works for about PAUSE_SECONDS, and takes at most SECONDS; the page has what was found until then. Raises BadRequest if the
    index did not tell anything in that time.
    """
    readable = _readable(connection, actor, query.conversation, lobby_history)
    highest = last_id(connection) + 1 if below is None else below
    if query.before is not None:
        highest = min(highest, _id_at(connection, query.before))
    earliest = 0 if query.after is None else _id_at(connection, query.after)
    found: list[tuple[int, int, int]] = []
    scanned = 0
    in_steps = is_postgres(connection) or fts5.begins_in_steps(query, below)
    pause, until = busy() + PAUSE_SECONDS, steady() + SECONDS
    while len(found) <= limit and scanned < SCANNED and (left := _left(readable, highest, earliest)):
        marked = left if len(left) <= (MANY if scanned else FEW) else ()
        marks = [] if sender is None else [sender_mark(sender)]
        if query.link:
            marks.append("link")
        marks += query.files
        if query.in_thread or query.thread is not None:
            marks.append("thread" if query.thread is None else thread_mark(query.thread))
        above = max(earliest, min(left.values()))
        rows: list[tuple[int, int, int]] = []
        reached, is_cut, is_over = highest, False, False
        one_of = conversation_marks(marked)
        matches = index_in(connection).find(connection, query, marks, one_of, highest, above, _BATCH, in_steps=in_steps)
        seconds = max(until - steady(), SHORTEST_SECONDS)
        limits = (seconds, math.inf) if in_steps else (seconds / 2, QUICK_SECONDS)
        try:
            with time_limit(connection, *limits), closing(matches):
                for reached, log_id, seq in matches:
                    if log_id is not None:
                        rows.append((reached, log_id, seq))
                        continue
                    if busy() >= pause:
                        is_cut = is_over = True
                        break
        except TookTooLong:
            if in_steps and not scanned and reached == highest:
                raise BadRequest(reason="search.costly") from None
            is_cut, is_over = True, in_steps
            in_steps = True
        scanned += len(rows)
        # If the query named no conversations, it also matched others; and messages at or below the floor are not shown.
        found += [(id_, log_id, seq) for id_, log_id, seq in rows if log_id in readable and seq > readable[log_id][0]]
        highest = reached if is_cut or len(rows) == _BATCH else 0
        if is_over or (scanned and busy() >= pause):
            break
    page = found[:limit]
    more = len(found) > limit or bool(_left(readable, highest, earliest))
    cursor = (page[-1][0] if len(found) > limit else highest) if more else None
    shown = _messages(connection, actor.uid, [(log_id, seq) for _, log_id, seq in page])
    floors = {key: floor for key, (floor, _) in readable.items()}
    return SearchPage(tuple(one for log_id, one in shown if (one.thread or one.seq) > floors[log_id]), cursor)


def has_written(connection: Connection, uid: str) -> bool:
    """Whether a message by this user is stored, in any conversation."""
    newest = last_id(connection) + 1
    with closing(
        index_in(connection).find(connection, Query(), [sender_mark(uid)], [], newest, 0, 1, in_steps=False)
    ) as matches:
        return any(True for _ in matches)


def _left(readable: Mapping[int, Beginning], highest: int, earliest: int) -> dict[int, int]:
    """The logs with readable messages below `highest`, each with the index id of its first. A log whose beginning was passed
    is left out: all further matches in it would be below the floor."""
    if highest <= earliest:
        return {}
    return {log_id: first for log_id, (_, first) in readable.items() if first < highest}


def _readable(
    connection: Connection, actor: Actor, conversation: str | None, lobby_history: LobbyHistory
) -> dict[int, Beginning]:
    """The logs with a message that the actor may read."""
    since = member_floor()
    mine = (
        select(conversations.c.id, since, _first(since))
        .join(members, members.c.conversation_id == conversations.c.id)
        .where(members.c.uid == actor.uid, conversations.c.kind.in_(("direct", "room")), _named(conversation))
    )
    rows = list(connection.execute(mine))
    floor = lobby_floor(actor, lobby_history)
    if floor is not None:
        lobby = select(conversations.c.id, literal(floor), _first(literal(floor)))
        rows += connection.execute(lobby.where(conversations.c.name == LOBBY, _named(conversation)))
    return {log_id: (above, first) for log_id, above, first in rows if first is not None}


def _first(above: ColumnElement[int]) -> ScalarSelect[int]:
    """The index id of the first message above this `seq`, as a column of a query of `conversations`."""
    return (
        select(search_rows.c.id)
        .where(search_rows.c.conversation_id == conversations.c.id, search_rows.c.seq > above)
        .order_by(search_rows.c.seq)
        .limit(1)
        .correlate(conversations, members)
        .scalar_subquery()
    )


def _named(conversation: str | None) -> ColumnElement[bool]:
    return true() if conversation is None else conversations.c.name == conversation


def _messages(connection: Connection, reader: str, keys: Sequence[tuple[int, int]]) -> list[tuple[int, Message]]:
    """The messages with these (log id, `seq`) as they are now, with the log ids, in the same order."""
    columns = ("conversation_id", *(column.name for column in MESSAGE))
    rows: dict[int, list[Any]] = {}
    for log_id, *row in find_rows(connection, events, ("conversation_id", "seq"), columns, keys):
        rows.setdefault(log_id, []).append(row)
    names = {
        row.id: row.name
        for row in connection.execute(
            select(conversations.c.id, conversations.c.name).where(conversations.c.id.in_(rows))
        )
    }
    shown = {
        (log_id, message.seq): message
        for log_id, found in rows.items()
        for message in messages(connection, log_id, names[log_id], found, reader)
    }
    return [(key[0], shown[key]) for key in keys if key in shown and not shown[key].deleted]


def _id_at(connection: Connection, at: Milliseconds) -> int:
    """The lowest index id of a message at this time or later: a binary search, because ids ascend with time."""
    low, high = 0, last_id(connection) + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            select(search_rows.c.id, events.c.at)
            .join(
                events,
                (events.c.conversation_id == search_rows.c.conversation_id) & (events.c.seq == search_rows.c.seq),
            )
            .where(search_rows.c.id >= middle)
            .order_by(search_rows.c.id)
            .limit(1)
        ).one_or_none()
        if row is None or row.at >= at:
            high = middle
        else:
            low = row.id + 1
    return low
