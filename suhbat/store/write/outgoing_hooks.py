"""Rows of outgoing webhooks: made, listed, switched and removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from suhbat.chat.bounds import PROGRAMS_A_DAY
from suhbat.chat.model import Actor, Milliseconds, OutgoingHook
from suhbat.errors import NotFound, TooManyHooks
from suhbat.store import cursors
from suhbat.store.dialect import AnyRow
from suhbat.store.read.floor import visible
from suhbat.store.tables import conversations, hook_cursors, outgoing_hooks

from .commands.execution import Execution
from .hook_status import as_told
from .transaction import WriterTransaction

NAME = "hooks"
"""The name of their durable cursor."""
_IS_OF_NO_BOT = outgoing_hooks.c.bot_uid.is_(None)
"""Only the Bot API sees those of bots."""


def add(transaction: WriterTransaction, actor: Actor, hook: OutgoingHook, most: int) -> None:
    """See `chat.ports.OutgoingHookStore.add_outgoing`."""
    connection, at = transaction.connection, hook.created_at
    count = (
        select(func.count()).select_from(outgoing_hooks).where(outgoing_hooks.c.maker_uid == actor.uid, _IS_OF_NO_BOT)
    )
    if connection.execute(count).scalar_one() >= most:
        raise TooManyHooks(limit=most)
    execution = Execution(transaction, actor, at)
    execution.spend_allowance("hooks", PROGRAMS_A_DAY)
    logs = [execution.log(name, "read") for name in hook.conversations or ()]
    execution.add_users((Actor(hook.uid, hook.user_id, "hook"),))
    execution.flush()
    insert_hook(connection, hook, [(log.id, log.head) for log in logs])
    execution.audit("hook.outgoing", logs[0] if len(logs) == 1 else None, hook.uid, hook.name)


def insert_hook(connection: Connection, hook: OutgoingHook, heads: Sequence[tuple[int, int]]) -> None:
    """Insert a webhook that is on. `heads`: of its logs, by row id; it begins with what comes after them."""
    row: dict[str, Any] = {
        "id": hook.id, "uid": hook.uid, "maker_uid": hook.maker_uid, "name": hook.name, "url": hook.url,
        "secret": hook.secret, "types": " ".join(hook.types), "everywhere": hook.conversations is None,
        "created_at": hook.created_at, "is_on": True, "off": "", "deliveries": 0, "failures": 0, "pause_until": 0,
        "claimed_until": 0, "bot_uid": hook.bot_uid,
    }  # fmt: skip
    connection.execute(insert(outgoing_hooks), row)
    places = [
        {
            "hook_id": hook.id,
            "conversation_id": log_id,
            "after": head,
            "upto": head,
            "due_at": hook.created_at,
            "attempts": 0,
        }
        for log_id, head in heads
    ]
    if places:
        connection.execute(insert(hook_cursors), places)
    cursors.begin_if_new(connection, NAME)


SHOWN = 1000
"""Outgoing webhooks of a conversation that are shown, at most."""


def of_conversation(connection: Connection, actor: Actor, conversation: str) -> list[OutgoingHook]:
    """See `chat.ports.OutgoingHookStore.outgoing_in`."""
    log = visible(connection, actor, conversation, "hook")
    query = (
        select(outgoing_hooks)
        .join(hook_cursors, hook_cursors.c.hook_id == outgoing_hooks.c.id)
        .where(hook_cursors.c.conversation_id == log.id)
    )
    rows = connection.execute(query.order_by(outgoing_hooks.c.created_at, outgoing_hooks.c.id).limit(SHOWN))
    return [hook_of(row) for row in rows]


def of(connection: Connection, uid: str, id: str | None = None) -> list[OutgoingHook]:
    """The outgoing webhooks of an account, or the one with this id. Raises NotFound if there is none with it."""
    query = select(outgoing_hooks).where(outgoing_hooks.c.maker_uid == uid, _IS_OF_NO_BOT)
    if id is not None:
        query = query.where(outgoing_hooks.c.id == id)
    rows = connection.execute(query.order_by(outgoing_hooks.c.created_at, outgoing_hooks.c.id)).all()
    if id is not None and not rows:
        raise NotFound()
    named = select(hook_cursors.c.hook_id, conversations.c.name).join(
        conversations, conversations.c.id == hook_cursors.c.conversation_id
    )
    places: dict[str, list[str]] = {row.id: [] for row in rows}
    listed = [row.id for row in rows if not row.everywhere]
    for hook_id, name in connection.execute(
        named.where(hook_cursors.c.hook_id.in_(listed)).order_by(conversations.c.id)
    ):
        places[hook_id].append(name)
    return [hook_of(row, tuple(places[row.id])) for row in rows]


def hook_of(row: AnyRow, places: tuple[str, ...] = ()) -> OutgoingHook:
    """The webhook of a row. `places`: its conversations, if it is not everywhere."""
    failed_status, failed_reason = (None, None) if row.failed_status is None else as_told(row.failed_status)
    return OutgoingHook(
        row.id, row.uid, row.maker_uid, row.name, row.url, row.secret, tuple(row.types.split()),
        None if row.everywhere else places, row.created_at, bool(row.is_on), row.off or None, row.bot_uid, row.failed_at,
        failed_status, failed_reason, row.failures,
    )  # fmt: skip


def switch(connection: Connection, uid: str, id: str, on: bool, at: Milliseconds) -> None:
    """See `chat.ports.OutgoingHookStore.switch_outgoing`."""
    (hook,) = of(connection, uid, id)
    if hook.is_on == on:
        return
    mine = outgoing_hooks.c.id == id
    connection.execute(update(outgoing_hooks).where(mine).values(is_on=on, off="", failures=0, pause_until=0))
    if on:
        tried = {"due_at": at, "attempts": 0, "failing_since": None}
        connection.execute(update(hook_cursors).where(hook_cursors.c.hook_id == id).values(tried))


def end(connection: Connection, uid: str, id: str) -> None:
    """See `chat.ports.OutgoingHookStore.end_outgoing`."""
    mine = (outgoing_hooks.c.maker_uid == uid, outgoing_hooks.c.id == id, _IS_OF_NO_BOT)
    if connection.execute(delete(outgoing_hooks).where(*mine)).rowcount == 0:
        raise NotFound()
