"""Pages of messages. Ordinals are dense, so a page is a range of them; `seq` only says where the range begins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, func, select

from suhbat.chat.model import Actor, ConversationFacts, HistoryPage
from suhbat.chat.policy import decide
from suhbat.protocol.types import MAX_PAGE
from suhbat.store.read.unread import ordinal_at
from suhbat.store.tables import conversations, events, members

from .floor import LobbyHistory, floor_of
from .rows import MESSAGE, messages


def page(
    connection: Connection,
    actor: Actor,
    conversation: str,
    *,
    before: int | None,
    after: int | None,
    around: int | None,
    limit: int,
    lobby_history: LobbyHistory,
) -> HistoryPage:
    """See `chat.ports.ConversationReader`. At most one of the three is given (the first of them counts); without any, the
    newest page. `around` has that message in the middle. `limit` is brought into 1–200. Raises NotFound.
    """
    log = _visible(connection, actor, conversation)
    floor = floor_of(actor, log, lobby_history)
    limit = min(max(limit, 1), MAX_PAGE)
    lowest = _first_ordinal(connection, log.id, ordinal_at(connection, log.id, floor) if floor else 0)
    highest = log.last_ordinal
    if lowest is None:
        return HistoryPage((), False, False, log.head)
    if before is not None:
        end = _next_ordinal(connection, log.id, before, highest) - 1
        start = max(end - limit + 1, lowest)
    elif after is not None:
        start = max(ordinal_at(connection, log.id, after) + 1, lowest)
        end = min(start + limit - 1, highest)
    elif around is not None:
        # The window keeps its size at both ends of the log.
        middle = ordinal_at(connection, log.id, around)
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


def _visible(connection: Connection, actor: Actor, conversation: str) -> Any:
    """The row of a conversation that the actor may read. Raises the refusal: NotFound also for own logs, which are no
    conversations."""
    mine = and_(members.c.conversation_id == conversations.c.id, members.c.uid == actor.uid)
    log = connection.execute(
        select(
            conversations.c.id,
            conversations.c.name,
            conversations.c.kind,
            conversations.c.head,
            conversations.c.last_ordinal,
            conversations.c.visibility,
            conversations.c.history,
            members.c.role,
            members.c.since,
        )
        .select_from(conversations.outerjoin(members, mine))
        .where(conversations.c.name == conversation, conversations.c.kind.in_(("lobby", "direct", "room")))
    ).one_or_none()
    facts = None if log is None else ConversationFacts(log.name, log.kind, log.role, log.visibility)
    refusal = decide(actor, "read", facts)
    if refusal is not None:
        raise refusal
    return log


def _first_ordinal(connection: Connection, log_id: int, above: int) -> int | None:
    """The lowest ordinal above this that is there (retention may have taken the first ones)."""
    return connection.execute(
        select(func.min(events.c.ordinal)).where(events.c.conversation_id == log_id, events.c.ordinal > above)
    ).scalar()


def _next_ordinal(connection: Connection, log_id: int, seq: int, highest: int) -> int:
    """The ordinal of the first message at `seq` or above it; one above the highest if there is none."""
    found = connection.execute(
        select(events.c.ordinal)
        .where(events.c.conversation_id == log_id, events.c.seq >= seq, events.c.ordinal.is_not(None))
        .order_by(events.c.seq)
        .limit(1)
    ).scalar()
    return highest + 1 if found is None else found
