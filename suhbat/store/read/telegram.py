"""Reads what a bot is to be told of: events of the logs that it may read, above a cursor for each log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, or_, select

from suhbat.chat.model import HOOK_PREFIX, Actor, Milliseconds, NumberedEvent, UnnumberedEvents
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.types import LOBBY
from suhbat.store.tables import (
    IS_SHOWN,
    VISIBLE_ABOVE,
    accounts,
    conversations,
    events,
    members,
    telegram_bots,
    telegram_cursors,
    telegram_updates,
)

from .events import EVENT_ROW, entries
from .floor import LobbyHistory, floor_of

MOST_LOGS = 200
"""Logs that are read at once."""


class _Log(NamedTuple):
    id: int
    name: str
    kind: str
    head: int
    history: str
    since: int
    cursor: int


def unnumbered(
    connection: Connection,
    actor: Actor,
    types: Collection[str],
    limit: int,
    after: Milliseconds,
    lobby_history: LobbyHistory,
) -> UnnumberedEvents:
    """The next events of these types since the time `after`, at most `limit`. See `chat.ports.UpdateStore`."""
    last = connection.execute(select(telegram_bots.c.last).where(telegram_bots.c.uid == actor.uid)).scalar()
    logs = unread_logs(connection, actor.uid)
    found: list[tuple[int, int, Milliseconds]] = []
    cursors: dict[int, int] = {}
    for log in logs[:MOST_LOGS]:
        begin = max(log.cursor, floor_of(actor, log, lobby_history))
        begin = _since(connection, log.id, begin, log.head, after)
        place = (events.c.conversation_id == log.id, events.c.seq > begin, events.c.seq <= log.head)
        wanted = (events.c.type.in_(types), events.c.actor_uid != actor.uid, events.c.deleted.is_(False))
        query = select(events.c.seq, events.c.at).where(*place, *wanted, _IS_OF_PERSON)
        rows = connection.execute(query.order_by(events.c.seq).limit(limit + 1)).all()
        found += [(log.id, row.seq, row.at) for row in rows[:limit]]
        cursors[log.id] = rows[limit - 1].seq if len(rows) > limit else log.head
    found.sort(key=lambda one: (one[2], one[0], one[1]))
    left = found[limit:]
    for id_, seq, _ in left:
        cursors[id_] = min(cursors[id_], seq - 1)
    is_all = not left and len(logs) <= MOST_LOGS
    passed = sum(cursors[log.id] - log.cursor for log in logs[:MOST_LOGS])
    return UnnumberedEvents(last, tuple(found[:limit]), cursors, not is_all, passed)


_IS_OF_PERSON: ColumnElement[bool] = and_(
    events.c.actor.not_like(f"{HOOK_PREFIX}%"),
    ~exists(select(literal(1)).where(accounts.c.uid == events.c.actor_uid, accounts.c.owner_uid.is_not(None))),
)
"""Bots are not told of what bots and webhooks do, so that two of them cannot talk for ever."""


def numbered(
    connection: Connection, actor: Actor, limit: int, after: Milliseconds, lobby_history: LobbyHistory
) -> list[NumberedEvent]:
    """The first updates that are not confirmed and not older than `after`. See `chat.ports.UpdateStore`."""
    mine = (telegram_updates.c.uid == actor.uid, telegram_updates.c.at >= after)
    place = and_(events.c.conversation_id == telegram_updates.c.conversation_id, events.c.seq == telegram_updates.c.seq)
    query = select(telegram_updates.c.number, *EVENT_ROW, VISIBLE_ABOVE.label("above")).join(events, place).where(*mine)
    rows = connection.execute(query.order_by(telegram_updates.c.number).limit(limit)).all()
    logs = {log.id: log for log in _logs(connection, actor.uid, {row.conversation_id for row in rows})}
    found: list[NumberedEvent] = []
    for row in rows:
        log = logs.get(row.conversation_id)
        event = None
        if log is not None and row.above > floor_of(actor, log, lobby_history) and not row.deleted:
            event = next(iter(entries(connection, log.name, [_event(row)])), None)
        found.append(NumberedEvent(row.number, event))
    return found


def count(connection: Connection, uid: str, after: Milliseconds) -> int:
    """How many updates of a bot are not confirmed and not older than `after`."""
    mine = (telegram_updates.c.uid == uid, telegram_updates.c.at >= after)
    return int(connection.execute(select(func.count()).select_from(telegram_updates).where(*mine)).scalar_one())


class _EventRow(NamedTuple):
    seq: int
    ordinal: Any
    actor: Any
    actor_uid: Any
    text: Any
    client_id: Any
    reply_to: Any
    at: Any
    edited_at: Any
    deleted: Any
    data: Any
    thread: Any
    thread_ordinal: Any
    type: Any
    target: Any
    conversation_id: Any


def _event(row: Sequence[Any]) -> Any:
    return _EventRow(*row[1:-1])


def unread_logs(connection: Connection, uid: str) -> list[_Log]:
    """The logs of a bot in which there are events that are not numbered."""
    return [log for log in _logs(connection, uid) if log.head > log.cursor]


def _logs(connection: Connection, uid: str, among: Collection[int] | None = None) -> list[_Log]:
    """The logs that the bot may read: those of its rooms and directs, the lobby and its own."""
    cursor = func.coalesce(telegram_cursors.c.seq, 0)
    mine = and_(telegram_cursors.c.conversation_id == conversations.c.id, telegram_cursors.c.uid == uid)
    log = conversations.c
    columns = (log.id, log.name, log.kind, log.head, log.history)
    common = select(*columns, literal(0), cursor).select_from(conversations.outerjoin(telegram_cursors, mine))
    own = common.where(or_(log.name == LOBBY, log.name == own_log(uid)))
    shown = (
        select(*columns, members.c.since, cursor)
        .select_from(members.join(conversations, log.id == members.c.conversation_id).outerjoin(telegram_cursors, mine))
        .where(members.c.uid == uid, IS_SHOWN)
    )
    if among is not None:
        own, shown = own.where(log.id.in_(among)), shown.where(log.id.in_(among))
    else:
        shown = shown.where(log.head > cursor)
    return [_Log(*row) for query in (own, shown) for row in connection.execute(query)]


def _since(connection: Connection, log_id: int, low: int, high: int, after: Milliseconds) -> int:
    """The highest `seq` from `low` on up to which every event is older than `after`. A binary search, because no index has the
    times; mostly the first row answers it."""
    if not _is_older(connection, log_id, low + 1, after):
        return low
    while low < high:
        middle = (low + high + 1) // 2
        if _is_older(connection, log_id, middle, after):
            low = middle
        else:
            high = middle - 1
    return low


def _is_older(connection: Connection, log_id: int, seq: int, after: Milliseconds) -> bool:
    place = (events.c.conversation_id == log_id, events.c.seq >= seq)
    at = connection.execute(select(events.c.at).where(*place).order_by(events.c.seq).limit(1)).scalar()
    return at is not None and int(at) < after
