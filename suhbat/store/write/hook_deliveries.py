"""The log of what outgoing webhooks sent: the last deliveries of each, and its tests."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, insert, select, update

from suhbat.chat.model import TEST, HookDelivery, Milliseconds, OutgoingHook
from suhbat.errors import NotFound
from suhbat.protocol.types import ME
from suhbat.store.dialect import AnyRow
from suhbat.store.tables import conversations, hook_cursors, hook_deliveries, outgoing_hooks

from .hook_status import as_stored, as_told
from .outgoing_hooks import of
from .transaction import WriterTransaction

KEPT = 100
"""Deliveries of a webhook that are kept."""

_WAITS = and_(
    hook_cursors.c.hook_id == hook_deliveries.c.hook_id,
    hook_cursors.c.conversation_id == hook_deliveries.c.conversation_id,
    hook_cursors.c.n == hook_deliveries.c.n,
)
_DELIVERIES = (
    select(
        hook_deliveries,
        conversations.c.name.label("conversation"),
        hook_cursors.c.due_at,
        outgoing_hooks.c.pause_until,
        outgoing_hooks.c.is_on,
    )
    .join(conversations, conversations.c.id == hook_deliveries.c.conversation_id)
    .join(outgoing_hooks, outgoing_hooks.c.id == hook_deliveries.c.hook_id)
    .outerjoin(hook_cursors, _WAITS)
)


def deliveries(connection: Connection, uid: str, id: str) -> list[HookDelivery]:
    """See `chat.ports.OutgoingHookStore.deliveries_of`."""
    of(connection, uid, id)
    rows = connection.execute(_DELIVERIES.where(hook_deliveries.c.hook_id == id).order_by(hook_deliveries.c.n.desc()))
    return list(map(_delivery_of, rows))


def delivery(connection: Connection, uid: str, id: str, n: int) -> tuple[OutgoingHook, HookDelivery]:
    """A delivery. Raises NotFound."""
    (hook,) = of(connection, uid, id)
    query = _DELIVERIES.where(hook_deliveries.c.hook_id == id, hook_deliveries.c.n == n)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    return hook, _delivery_of(row)


def _delivery_of(row: AnyRow) -> HookDelivery:
    """A test is stored in the own log of its maker."""
    status, reason = as_told(row.status)
    conversation = ME if row.event == TEST else row.conversation
    next_at = max(row.due_at, row.pause_until) if row.is_on and row.due_at is not None else None
    return HookDelivery(row.n, conversation, row.seq, row.event, status, row.attempts, row.at, reason, next_at)


def add_test(transaction: WriterTransaction, uid: str, id: str, at: Milliseconds) -> tuple[OutgoingHook, HookDelivery]:
    """See `chat.ports.OutgoingHookStore.add_test`."""
    connection, this = transaction.connection, outgoing_hooks.c.id == id
    (hook,) = of(connection, uid, id)
    transaction.cache.load_own(connection, (uid,), at)
    given = select(outgoing_hooks.c.deliveries).where(this).with_for_update(key_share=True)
    one = HookDelivery(None, ME, 0, TEST, 0, 0, at)
    n = log_deliveries(connection, id, transaction.cache.own[uid].id, connection.execute(given).scalar_one(), (one,))
    connection.execute(update(outgoing_hooks).where(this).values(deliveries=n))
    return hook, HookDelivery(n, ME, 0, TEST, 0, 0, at)


def note(connection: Connection, id: str, one: HookDelivery) -> None:
    """See `chat.ports.OutgoingHookStore.note_delivery`."""
    this = (hook_deliveries.c.hook_id == id, hook_deliveries.c.n == one.n)
    changed = {
        "status": as_stored(one.status, one.reason), "attempts": hook_deliveries.c.attempts + 1, "at": one.at,
    }  # fmt: skip
    connection.execute(update(hook_deliveries).where(*this).values(changed))


def log_deliveries(connection: Connection, id: str, log_id: int, given: int, made: tuple[HookDelivery, ...]) -> int:
    """Write deliveries; those without a number get the next ones above `given`. Keeps the last KEPT.
    Returns the last number."""
    rows = []
    for one in made:
        if one.n is not None:
            note(connection, id, one)
            continue
        given += 1
        rows.append({
            "hook_id": id, "n": given, "conversation_id": log_id, "seq": one.seq, "event": one.event,
            "status": as_stored(one.status, one.reason), "attempts": one.attempts, "at": one.at,
        })  # fmt: skip
    if rows:
        connection.execute(insert(hook_deliveries), rows)
        old = (hook_deliveries.c.hook_id == id, hook_deliveries.c.n <= given - KEPT)
        connection.execute(delete(hook_deliveries).where(*old))
    return given
