"""How far outgoing webhooks are: gathered with the durable cursor NAME of the journal, claimed for a time, and settled.

Each webhook has a cursor in each log, which is durable: whatever happens to the journal or to a process, it goes on there. So
gathering only says that there is more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
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

from suhbat.chat.model import Actor, DueHook, HookTotals, Milliseconds, SettledHook
from suhbat.protocol.events import HookStopped, own_log
from suhbat.store import cursors
from suhbat.store.dialect import find_rows
from suhbat.store.journal import NoCursor
from suhbat.store.tables import accounts, conversations, hook_cursors, members, outgoing_hooks
from suhbat.store.tables import cursors as cursor_rows

from .outgoing_hooks import NAME, hook_of, log_deliveries
from .transaction import WriterTransaction

log = structlog.get_logger("suhbat.store")

CHUNK = 256
"""Events considered in one transaction, at most: posts wait for it."""
OF_MAKER = 4
"""Webhooks of one account at work at a time: slow receivers of one account do not delay those of all others. As many as the
outgoing client serves of one owner at a time."""

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
_IS_WAITING = and_(hook_cursors.c.after < hook_cursors.c.upto, outgoing_hooks.c.is_on)
_CURSORS = hook_cursors.join(outgoing_hooks, outgoing_hooks.c.id == hook_cursors.c.hook_id)
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
    .select_from(_CURSORS)
    .where(_IS_WAITING, outgoing_hooks.c.bot_uid.is_(None))
)
_RELEASE = update(outgoing_hooks).where(outgoing_hooks.c.claimed_until > 0).values(claimed_until=0)


def is_behind(connection: Connection) -> bool:
    """Whether `gather` has something to do. For a connection that reads."""
    if connection.execute(_CURSOR).first() is None:
        return _is_any(connection)
    return cursors.is_behind(connection, NAME)


def next_due(connection: Connection, now: Milliseconds) -> Milliseconds | None:
    """When the next cursor can be claimed. Where its maker has as many webhooks at work as they may, that is when the first
    of those claims ends; `settle` says if one is settled before that."""
    found: Milliseconds | None = connection.execute(_next_due(connection.dialect.name), {"now": now}).scalar()
    return found


@cache
def _next_due(dialect: str) -> Select[Any]:
    full = (
        select(outgoing_hooks.c.maker_uid, func.min(outgoing_hooks.c.claimed_until).label("until"))
        .where(outgoing_hooks.c.claimed_until > bindparam("now"))
        .group_by(outgoing_hooks.c.maker_uid)
        .having(func.count() >= OF_MAKER)
        .subquery()
    )
    parts = (
        hook_cursors.c.due_at, outgoing_hooks.c.pause_until, outgoing_hooks.c.claimed_until, func.coalesce(full.c.until, 0),
    )  # fmt: skip
    at = func.max(*parts) if dialect == "sqlite" else func.greatest(*parts)
    waiting = _CURSORS.outerjoin(full, full.c.maker_uid == outgoing_hooks.c.maker_uid)
    return select(func.min(at)).select_from(waiting).where(_IS_WAITING)


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


def claim(
    connection: Connection, now: Milliseconds, until: Milliseconds, most: int, busy: Collection[str]
) -> list[DueHook]:
    """See `chat.ports.OutgoingHookStore.claim_hooks`."""
    # Of each account the hooks that wait longest, as many as it may still have: however much is due for one account, it keeps
    # nobody else's from being found.
    working = (
        select(outgoing_hooks.c.maker_uid, func.count().label("count"))
        .where(outgoing_hooks.c.claimed_until > now)
        .group_by(outgoing_hooks.c.maker_uid)
        .subquery()
    )
    free = _is_free(now)
    due = (
        select(outgoing_hooks.c.id, outgoing_hooks.c.maker_uid, func.min(hook_cursors.c.due_at).label("at"))
        .select_from(_CURSORS)
        .where(_IS_WAITING, hook_cursors.c.due_at <= now, free, outgoing_hooks.c.id.not_in(list(busy)))
        .group_by(outgoing_hooks.c.id, outgoing_hooks.c.maker_uid)
        .subquery()
    )
    turn = func.row_number().over(partition_by=due.c.maker_uid, order_by=(due.c.at, due.c.id)).label("turn")
    turns = select(due, turn).subquery()
    chosen = (
        select(turns.c.id)
        .select_from(turns.outerjoin(working, working.c.maker_uid == turns.c.maker_uid))
        .where(turns.c.turn + func.coalesce(working.c.count, 0) <= OF_MAKER)
        .order_by(turns.c.at, turns.c.id)
        .limit(most)
    )
    ids = list(connection.execute(chosen).scalars())
    locked = select(outgoing_hooks.c.id).where(outgoing_hooks.c.id.in_(ids), outgoing_hooks.c.is_on, free)
    held = set(connection.execute(locked.with_for_update(skip_locked=True, key_share=True)).scalars())
    found = [place for id in ids if id in held and (place := _due_hook(connection, id, now, until)) is not None]
    taken = [place.hook.id for place in found]
    connection.execute(update(outgoing_hooks).where(outgoing_hooks.c.id.in_(taken)).values(claimed_until=until))
    return found


def _due_hook(connection: Connection, hook_id: str, now: Milliseconds, until: Milliseconds) -> DueHook | None:
    """The cursor of a webhook that waits longest; None if meanwhile none is due any more."""
    place = (
        select(hook_cursors, conversations.c.name.label("conversation"))
        .join(conversations, conversations.c.id == hook_cursors.c.conversation_id)
        .where(
            hook_cursors.c.hook_id == hook_id, hook_cursors.c.after < hook_cursors.c.upto, hook_cursors.c.due_at <= now
        )
        .order_by(hook_cursors.c.due_at, hook_cursors.c.conversation_id)
        .limit(1)
    )
    row = connection.execute(place).one_or_none()
    if row is None:
        return None
    hook = connection.execute(select(outgoing_hooks).where(outgoing_hooks.c.id == hook_id)).one()
    maker = connection.execute(
        select(accounts.c.user_id, accounts.c.lobby_from, accounts.c.role).where(accounts.c.uid == hook.maker_uid)
    ).one()
    return DueHook(
        hook_of(hook), Actor(hook.maker_uid, maker.user_id, "account", maker.lobby_from, maker.role), row.conversation,
        row.conversation_id, row.after, row.upto, row.attempts, row.failing_since, row.n, hook.failures, until,
    )  # fmt: skip


def settle(transaction: WriterTransaction, settled: SettledHook, at: Milliseconds) -> bool:
    """See `chat.ports.OutgoingHookStore.settle_hook`."""
    connection, due = transaction.connection, settled.due
    hook = connection.execute(
        select(outgoing_hooks).where(outgoing_hooks.c.id == due.hook.id).with_for_update(key_share=True)
    ).one_or_none()
    if hook is None or hook.claimed_until != due.claimed_until:
        return False  # it was removed meanwhile, or the claim has ended and another node is at work
    if (hook.created_at, hook.url) != (due.hook.created_at, due.hook.url):
        # The bot has another address now, which does not wait because the one before failed.
        settled = replace(settled, deliveries=(), again_at=None, off=None)
    given = log_deliveries(connection, hook.id, due.log_id, hook.deliveries, settled.deliveries)
    has_failed = settled.again_at is not None or settled.off is not None
    values: dict[str, Any] = {"claimed_until": 0, "deliveries": given}
    if has_failed:
        last = settled.deliveries[-1]
        values |= {
            "failures": hook.failures + 1, "pause_until": settled.pause_until, "failed_at": last.at,
            "failed_status": last.status,
        }  # fmt: skip
    elif settled.deliveries:
        values |= {"failures": 0, "pause_until": 0}
    if settled.off is not None and hook.is_on:
        values |= {"is_on": False, "off": settled.off}
        _tell(transaction, due, settled, at)
    connection.execute(update(outgoing_hooks).where(outgoing_hooks.c.id == hook.id).values(values))
    place: dict[str, Any] = {"after": settled.after, "due_at": settled.again_at or at}
    if has_failed:
        number = last.n if last.n is not None else given
        place |= {"attempts": last.attempts, "failing_since": settled.failing_since, "n": number}
    else:
        place |= {"attempts": 0, "failing_since": None, "n": None}
    this = (hook_cursors.c.hook_id == hook.id, hook_cursors.c.conversation_id == due.log_id)
    connection.execute(update(hook_cursors).where(*this).values(place))
    due_now = (_IS_WAITING, hook_cursors.c.due_at <= at, _is_free(at), outgoing_hooks.c.maker_uid == hook.maker_uid)
    waiting = select(hook_cursors.c.hook_id).select_from(_CURSORS).where(*due_now)
    return connection.execute(waiting.limit(1)).first() is not None


def _is_free(now: Milliseconds) -> ColumnElement[bool]:
    return and_(outgoing_hooks.c.pause_until <= now, outgoing_hooks.c.claimed_until <= now)


def _tell(transaction: WriterTransaction, due: DueHook, settled: SettledHook, at: Milliseconds) -> None:
    """Tell the maker that the webhook was switched off."""
    cache, uid = transaction.cache, due.hook.maker_uid
    cache.load_own(transaction.connection, (uid,), at)
    transaction.appender.append(
        cache.own[uid], HookStopped, due.maker, at, hook=due.hook.id, name=due.hook.name, reason=settled.off
    )


def logs_of(settled: SettledHook) -> frozenset[str]:
    """The logs to which `settle` may append."""
    return frozenset({own_log(settled.due.hook.maker_uid)}) if settled.off is not None else frozenset()


def release(connection: Connection) -> None:
    """See `chat.ports.OutgoingHookStore.release_hooks`."""
    connection.execute(_RELEASE)
