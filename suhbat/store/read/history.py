"""Pages of messages. Ordinals are dense, so a page is a range of ordinals; `seq` only tells where the range begins."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from suhbat.chat.model import Actor, HistoryPage, Milliseconds
from suhbat.protocol.types import MAX_PAGE
from suhbat.store.read.unread import next_ordinal, ordinal_at
from suhbat.store.tables import events

from .floor import LobbyHistory, floor_of, visible
from .rows import MESSAGE, messages


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
    limit: int,
    lobby_history: LobbyHistory,
) -> HistoryPage:
    """See `chat.ports.ConversationReader`. `before`, `after` and `around` are `seq`s. The first position that is given counts;
    without one the newest page is returned. `around`, `around_ordinal` and `around_time` are the middle of their page.
    `limit` is clamped to 1–200. Raises NotFound."""
    log = visible(connection, actor, conversation, "read")
    floor = floor_of(actor, log, lobby_history)
    limit = min(max(limit, 1), MAX_PAGE)
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
            middle = ordinal_at(connection, log.id, around)
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
