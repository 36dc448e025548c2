"""Deliveries of outgoing webhooks: what waits at a cursor is claimed for a time, settled, or released. See `hook_cursors`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    select,
    update,
)

from suhbat.chat.model import Actor, DueHook, Milliseconds, SettledHook
from suhbat.protocol.events import HookStopped
from suhbat.protocol.logged_events import own_log
from suhbat.store.dialect import AnyRow
from suhbat.store.tables import accounts, conversations, hook_cursors, outgoing_hooks

from .hook_cursors import CURSORS, IS_WAITING
from .hook_deliveries import log_deliveries
from .hook_status import as_stored
from .outgoing_hooks import hook_of
from .transaction import WriterTransaction

OF_MAKER = 4
"""Webhooks of one account at work at a time: slow receivers of one account do not delay those of all others. As many as the
outgoing client serves of one owner at a time."""

# Also where there is no webhook. Made once: to make it takes longer than to run it.
_RELEASE = update(outgoing_hooks).where(outgoing_hooks.c.claimed_until > 0).values(claimed_until=0)


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
    waiting = CURSORS.outerjoin(full, full.c.maker_uid == outgoing_hooks.c.maker_uid)
    return select(func.min(at)).select_from(waiting).where(IS_WAITING)


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
        .select_from(CURSORS)
        .where(IS_WAITING, hook_cursors.c.due_at <= now, free, outgoing_hooks.c.id.not_in(list(busy)))
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
    return due_of(connection, hook, row, until)


def due_of(connection: Connection, hook: AnyRow, place: AnyRow, until: Milliseconds) -> DueHook:
    """A cursor (with the name of its `conversation`) as it is claimed."""
    maker = connection.execute(
        select(accounts.c.user_id, accounts.c.lobby_from, accounts.c.role).where(accounts.c.uid == hook.maker_uid)
    ).one()
    return DueHook(
        hook_of(hook), Actor(hook.maker_uid, maker.user_id, "account", maker.lobby_from, maker.role), place.conversation,
        place.conversation_id, place.after, place.upto, place.attempts, place.failing_since, place.n, hook.failures, until,
    )  # fmt: skip


def holds(connection: Connection, due: DueHook) -> bool:
    """See `chat.ports.HookClaims.holds`."""
    this = (outgoing_hooks.c.id == due.hook.id, outgoing_hooks.c.is_on, outgoing_hooks.c.url == due.hook.url)
    same = (outgoing_hooks.c.created_at == due.hook.created_at, outgoing_hooks.c.claimed_until == due.claimed_until)
    return connection.execute(select(outgoing_hooks.c.id).where(*this, *same)).first() is not None


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
            "failed_status": as_stored(last.status, last.reason),
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
    return has_due(connection, hook.maker_uid, at)


def has_due(connection: Connection, maker_uid: str, at: Milliseconds) -> bool:
    """Whether a cursor of this maker can be claimed now."""
    due_now = (IS_WAITING, hook_cursors.c.due_at <= at, _is_free(at), outgoing_hooks.c.maker_uid == maker_uid)
    waiting = select(hook_cursors.c.hook_id).select_from(CURSORS).where(*due_now)
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
