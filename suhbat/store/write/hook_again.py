"""A delivery that its maker asks for again, of an event that still waits in its queue: the attempt is brought forward, so that
the event is not sent twice."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection, select, update

from suhbat.chat.model import DueHook, HookDelivery, Milliseconds
from suhbat.store.tables import conversations, hook_cursors, outgoing_hooks

from .hook_claims import due_of, has_due
from .hook_deliveries import note
from .hook_status import as_stored


def claim_delivery(
    connection: Connection, id: str, n: int, now: Milliseconds, until: Milliseconds
) -> DueHook | Literal["not waiting", "at work"]:
    """See `chat.ports.OutgoingHookStore.claim_delivery`."""
    hook = connection.execute(
        select(outgoing_hooks).where(outgoing_hooks.c.id == id).with_for_update(key_share=True)
    ).one_or_none()
    this = (hook_cursors.c.hook_id == id, hook_cursors.c.n == n, hook_cursors.c.after < hook_cursors.c.upto)
    named = conversations.c.name.label("conversation")
    query = select(hook_cursors, named).join(conversations, conversations.c.id == hook_cursors.c.conversation_id)
    place = connection.execute(query.where(*this)).one_or_none()
    if hook is None or place is None:
        return "not waiting"
    if hook.claimed_until > now:
        if place.due_at > now:
            connection.execute(update(hook_cursors).where(*this).values(due_at=now))
        return "at work"
    connection.execute(update(outgoing_hooks).where(outgoing_hooks.c.id == id).values(claimed_until=until))
    return due_of(connection, hook, place, until)


def settle_delivery(connection: Connection, due: DueHook, tried: HookDelivery, at: Milliseconds) -> bool:
    """See `chat.ports.OutgoingHookStore.settle_delivery`."""
    hook = connection.execute(
        select(outgoing_hooks).where(outgoing_hooks.c.id == due.hook.id).with_for_update(key_share=True)
    ).one_or_none()
    note(connection, due.hook.id, tried)
    if hook is None or hook.claimed_until != due.claimed_until:
        return False  # as in `hook_cursors.settle`
    values: dict[str, Any] = {"claimed_until": 0}
    if tried.is_done:
        values |= {"failures": 0, "pause_until": 0}
        settled = {"after": tried.seq, "due_at": at, "attempts": 0, "failing_since": None, "n": None}
        this = (hook_cursors.c.hook_id == due.hook.id, hook_cursors.c.conversation_id == due.log_id)
        connection.execute(update(hook_cursors).where(*this).values(settled))
    else:
        values |= {"failed_at": tried.at, "failed_status": as_stored(tried.status, tried.reason)}
    connection.execute(update(outgoing_hooks).where(outgoing_hooks.c.id == due.hook.id).values(values))
    return has_due(connection, hook.maker_uid, at)
