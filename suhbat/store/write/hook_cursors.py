"""How far outgoing webhooks are: moved by what is gathered with the durable cursor NAME of the journal. Those that wait are
claimed by `hook_claims`.

Each webhook has a cursor in each log, which is durable: whatever happens to the journal or to a process, it goes on there. So
gathering only says that there is more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import (
    Connection,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    true,
    update,
)

from suhbat.chat.model import HookTotals, Milliseconds
from suhbat.protocol.logged_events import own_log
from suhbat.store import cursors
from suhbat.store.dialect import find_rows
from suhbat.store.journal import NoCursor
from suhbat.store.tables import conversations, hook_cursors, members, outgoing_hooks
from suhbat.store.tables import cursors as cursor_rows

from .outgoing_hooks import NAME

log = structlog.get_logger("suhbat.store")

CHUNK = 256
"""Events considered in one transaction, at most: posts wait for it."""

_MOVE = text(
    "UPDATE hook_cursors SET upto = :last, due_at = CASE WHEN after = upto THEN :now ELSE due_at END "
    "WHERE conversation_id = :log AND upto < :last AND hook_id IN (SELECT id FROM outgoing_hooks WHERE is_on)"
)
"""One that waited for nothing is due from now on. Those that are off are moved when they are switched on: `catch_up`."""
_BEGIN = text(
    "INSERT INTO hook_cursors (hook_id, conversation_id, after, upto, due_at, attempts) "
    "SELECT h.id, :log, :before, :last, :now, 0 FROM outgoing_hooks AS h JOIN members AS m ON m.uid = h.maker_uid "
    "WHERE m.conversation_id = :log AND h.everywhere AND h.created_at <= :now "
    "ON CONFLICT (hook_id, conversation_id) DO NOTHING"
)
_HEAD = select(conversations.c.head).where(conversations.c.id == hook_cursors.c.conversation_id).scalar_subquery()
IS_WAITING = and_(hook_cursors.c.after < hook_cursors.c.upto, outgoing_hooks.c.is_on)
CURSORS = hook_cursors.join(outgoing_hooks, outgoing_hooks.c.id == hook_cursors.c.hook_id)
_BOTS = select(outgoing_hooks).where(outgoing_hooks.c.bot_uid.is_not(None)).subquery()
_FAILS = exists().where(hook_cursors.c.hook_id == outgoing_hooks.c.id, hook_cursors.c.failing_since.is_not(None))

# Asked again and again, also where there is no webhook. Made once: to make one takes longer than to run it.
_CURSOR = select(cursor_rows.c.name).where(cursor_rows.c.name == NAME)
_ANY = select(outgoing_hooks.c.id).limit(1)
_BY_STATE = (
    select(outgoing_hooks.c.is_on, outgoing_hooks.c.off != "", _FAILS, func.count())
    .where(or_(outgoing_hooks.c.is_on, outgoing_hooks.c.bot_uid.is_(None)))
    .group_by(text("1, 2, 3"))
)
_EVENTS_WAITING = (
    select(func.sum(hook_cursors.c.upto - hook_cursors.c.after))
    .select_from(CURSORS)
    .where(IS_WAITING, outgoing_hooks.c.bot_uid.is_(None))
)


def is_behind(connection: Connection) -> bool:
    """Whether `gather` has something to do. For a connection that reads."""
    if connection.execute(_CURSOR).first() is None:
        return _is_any(connection)
    return cursors.is_behind(connection, NAME)


def totals(connection: Connection) -> HookTotals:
    """See `chat.ports.OutgoingHookStore.hook_totals`."""
    by_state = {"working": 0, "failing": 0, "off": 0, "stopped": 0}
    for is_on, was_stopped, is_failing, count in connection.execute(_BY_STATE):
        state = ("failing" if is_failing else "working") if is_on else ("stopped" if was_stopped else "off")
        by_state[state] += count
    return HookTotals(**by_state, waiting=int(connection.execute(_EVENTS_WAITING).scalar() or 0))


def gather(connection: Connection, now: Milliseconds) -> bool:
    """See `chat.ports.OutgoingHookStore.gather_hooks`."""
    try:
        cursor = cursors.open_cursor(connection, NAME)
    except NoCursor:
        _begin(connection)
        return False
    if cursor is None:
        return False  # another node is at it
    if not _is_any(connection):
        connection.execute(delete(cursor_rows).where(cursor_rows.c.name == NAME))
        return False
    ranges = cursor.take(CHUNK)
    spans: dict[int, tuple[int, int]] = {}
    for log_id, first, last in ranges:
        known = spans.get(log_id, (first, last))
        spans[log_id] = (min(known[0], first), max(known[1], last))
    found = find_rows(connection, conversations, ("id",), ("id", "kind", "name"), [(id,) for id in spans])
    kinds: dict[int, str] = {id: kind for id, kind, _ in found}
    for log_id in sorted(spans):
        first, last = spans[log_id]
        if kinds.get(log_id) == "room":
            place = {"log": log_id, "before": first - 1, "last": last, "now": now}
            connection.execute(_BEGIN, place)
        if kinds.get(log_id) in ("room", "lobby", "direct"):
            connection.execute(_MOVE, {"log": log_id, "last": last, "now": now})
    _wake_bots(connection, found, now)
    cursor.save()
    return sum(last - first + 1 for _, first, last in ranges) >= CHUNK


def _wake_bots(connection: Connection, logs: Sequence[tuple[Any, ...]], now: Milliseconds) -> None:
    """The bots that read one of these logs (row id, kind, name) may have updates."""
    if connection.execute(select(_BOTS.c.id).limit(1)).first() is None:
        return
    uids = [name.removeprefix(own_log("")) for _, kind, name in logs if kind == "own"]
    shared = [id for id, kind, _ in logs if kind in ("room", "direct")]
    reads = exists().where(members.c.uid == _BOTS.c.bot_uid, members.c.conversation_id.in_(shared))
    is_woken = or_(_BOTS.c.bot_uid.in_(uids), reads)
    if any(kind == "lobby" for _, kind, _ in logs):
        is_woken = true()
    woken = select(_BOTS.c.id).where(_BOTS.c.is_on, is_woken)
    due_at = case((hook_cursors.c.after == hook_cursors.c.upto, now), else_=hook_cursors.c.due_at)
    moved = update(hook_cursors).where(hook_cursors.c.hook_id.in_(woken))
    connection.execute(moved.values(upto=hook_cursors.c.upto + 1, due_at=due_at))


def _is_any(connection: Connection) -> bool:
    return connection.execute(_ANY).first() is not None


def _begin(connection: Connection) -> None:
    """There is no cursor, because this database was restored or moved, or fell far behind. Nothing above
    the cursors of webhooks is lost."""
    if _is_any(connection) and cursors.begin_if_new(connection, NAME):
        of_bot = hook_cursors.c.hook_id.in_(select(_BOTS.c.id))
        connection.execute(update(hook_cursors).values(upto=case((of_bot, hook_cursors.c.upto + 1), else_=_HEAD)))
        log.info("hooks: their reader begins anew; each goes on at its cursor in each conversation")


def catch_up(connection: Connection, id: str) -> None:
    """Move the cursors of a webhook to what was written while it was off. That it is on has to be committed before: then
    whatever is written later moves them as it is gathered."""
    behind = (hook_cursors.c.hook_id == id, hook_cursors.c.upto < _HEAD)
    connection.execute(update(hook_cursors).where(*behind).values(upto=_HEAD))
