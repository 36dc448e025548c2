"""Pages of messages. Ordinals are dense, so a page is a range of ordinals; `seq` only tells where the range begins."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from suhbat.chat.model import Actor, HistoryPage, Milliseconds
from suhbat.errors import BadRequest
from suhbat.protocol.types import MAX_PAGE
from suhbat.store.dialect import AnyRow
from suhbat.store.read.unread import next_ordinal, ordinal_at
from suhbat.store.tables import IS_MESSAGE, VISIBLE_ABOVE, events

from .floor import LobbyHistory, floor_of, visible
from .messages import MESSAGE, messages, thread_of
from .threads import replies_page


def page(
    connection: Connection,
    actor: Actor,
    conversation: str,
    *,
    before: int | None,
    after: int | None,
    around: int | None,
    around_ordinal: int | None = None,
    around_time: Milliseconds | None = None,
    thread: int | None = None,
    replies: bool = False,
    limit: int,
    lobby_history: LobbyHistory,
) -> HistoryPage:
    """See `chat.ports.ConversationReader`. `before`, `after` and `around` are `seq`s. The first position that is given counts;
    without one the newest page is returned. `around`, `around_ordinal` and `around_time` are the middle of their page.
    `limit` is clamped to 1–200. Replies are left out, unless a `thread` is wanted. Raises NotFound, BadRequest."""
    if thread is not None and around_time is not None:
        raise BadRequest(reason="a page of a thread cannot be around a time")
    if thread is not None:
        return replies_page(
            connection,
            actor,
            conversation,
            lobby_history,
            thread,
            before=before,
            after=after,
            around=around,
            around_ordinal=around_ordinal,
            limit=limit,
        )
    log = visible(connection, actor, conversation, "read")
    floor = floor_of(actor, log, lobby_history)
    limit = min(max(limit, 1), MAX_PAGE)
    if replies:
        return _with_replies(connection, log, actor, max(after or 0, floor), floor, limit)
    lowest = _first_ordinal(connection, log.id, ordinal_at(connection, log.id, floor) if floor else 0)
    highest = log.last_ordinal
    if lowest is None:
        return HistoryPage((), False, False, log.head)
    if before is not None:
        end = min(next_ordinal(connection, log.id, before), highest + 1) - 1
        start = max(end - limit + 1, lowest)
    elif after is not None:
        start = max(ordinal_at(connection, log.id, after) + 1, lowest)
        end = min(start + limit - 1, highest)
    elif around is not None or around_ordinal is not None or around_time is not None:
        if around is not None:
            middle = _ordinal_around(connection, log.id, around)
        elif around_time is not None:
            middle = _ordinal_from(connection, log.id, around_time, lowest, highest)
        else:
            middle = around_ordinal or 0
        # The window keeps its size at both ends of the log.
        start = max(min(middle - limit // 2, highest - limit + 1), lowest)
        end = min(start + limit - 1, highest)
    else:
        end = highest
        start = max(end - limit + 1, lowest)
    if start > end:
        return HistoryPage((), start > lowest, end < highest, log.head)
    rows = connection.execute(
        select(*MESSAGE)
        .where(events.c.conversation_id == log.id, events.c.ordinal.between(start, end))
        .order_by(events.c.ordinal)
    )
    shown = messages(connection, log.id, log.name, rows.all(), actor.uid)
    return HistoryPage(tuple(shown), start > lowest, end < highest, log.head)


def _with_replies(connection: Connection, log: AnyRow, actor: Actor, after: int, floor: int, limit: int) -> HistoryPage:
    rows = connection.execute(
        select(*MESSAGE)
        .where(events.c.conversation_id == log.id, events.c.seq > after, IS_MESSAGE, floor < VISIBLE_ABOVE)
        .order_by(events.c.seq)
        .limit(limit + 1)
    ).all()
    shown = messages(connection, log.id, log.name, rows[:limit], actor.uid)
    return HistoryPage(tuple(shown), after > floor, len(rows) > limit, log.head)


def _ordinal_around(connection: Connection, log_id: int, seq: int) -> int:
    """The ordinal of the message at `seq`, or next to it; for a reply, that of the root of its thread."""
    place = (events.c.conversation_id == log_id, events.c.seq == seq)
    row = connection.execute(select(events.c.ordinal, events.c.thread, events.c.thread_ordinal).where(*place)).first()
    if row is not None and row.ordinal is not None:
        return int(row.ordinal)
    return ordinal_at(connection, log_id, seq if row is None else thread_of(row) or seq)


def _first_ordinal(connection: Connection, log_id: int, above: int) -> int | None:
    """The lowest stored ordinal above this one (retention may have deleted the first messages); None if there is none."""
    return connection.execute(
        select(func.min(events.c.ordinal)).where(events.c.conversation_id == log_id, events.c.ordinal > above)
    ).scalar()


def _ordinal_from(connection: Connection, log_id: int, at: Milliseconds, lowest: int, highest: int) -> int:
    """The ordinal of the first message at this time or later; `highest` if there is none.

    A binary search, because no index has the times: twenty rows for a million messages. Times ascend with the ordinals unless
    somebody set the clock back; then it is one of the messages at which this time is reached.
    """
    low, high = lowest, highest
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            select(events.c.ordinal, events.c.at)
            .where(events.c.conversation_id == log_id, events.c.ordinal >= middle)
            .order_by(events.c.ordinal)
            .limit(1)
        ).one_or_none()
        if row is None or row.at >= at:
            high = middle
        else:
            low = row.ordinal + 1
    return min(low, highest)
