"""Rows of incoming webhooks."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select

from suhbat.chat.bounds import PROGRAMS_A_DAY
from suhbat.chat.model import Actor, IncomingHook, Milliseconds
from suhbat.errors import Forbidden, NotFound, TooManyHooks
from suhbat.store.dialect import AnyRow
from suhbat.store.read.floor import visible
from suhbat.store.tables import conversations, incoming_hooks

from .commands.execution import Execution
from .transaction import WriterTransaction

_HOOKS: Select[tuple[object, ...]] = select(
    incoming_hooks.c.id,
    incoming_hooks.c.uid,
    conversations.c.name.label("conversation"),
    incoming_hooks.c.maker_uid,
    incoming_hooks.c.name,
    incoming_hooks.c.created_at,
    incoming_hooks.c.token_hash,
).join(conversations, conversations.c.id == incoming_hooks.c.conversation_id)


def add(
    transaction: WriterTransaction,
    actor: Actor,
    hook: IncomingHook,
    at: Milliseconds,
    of_conversation: int,
    of_maker: int,
) -> None:
    """See `chat.ports.HookStore.add_hook`."""
    execution = Execution(transaction, actor, at)
    log = execution.log(hook.conversation, "hook")
    if actor.kind != "account":
        raise Forbidden("forbidden.hook")
    for column, value, limit in (
        (incoming_hooks.c.conversation_id, log.id, of_conversation),
        (incoming_hooks.c.maker_uid, hook.maker_uid, of_maker),
    ):
        count = select(func.count()).select_from(incoming_hooks).where(column == value)
        if execution.connection.execute(count).scalar_one() >= limit:
            raise TooManyHooks(limit=limit)
    execution.spend_allowance("hooks", PROGRAMS_A_DAY)
    execution.add_users((Actor(hook.uid, hook.user_id, "hook"),))
    execution.flush()
    row = {
        "id": hook.id, "uid": hook.uid, "conversation_id": log.id, "maker_uid": hook.maker_uid, "name": hook.name,
        "created_at": hook.created_at, "token_hash": hook.token_hash,
    }  # fmt: skip
    execution.connection.execute(insert(incoming_hooks), row)
    execution.audit("hook.add", log, hook.maker_uid, hook.name)


def end(transaction: WriterTransaction, actor: Actor, conversation: str, id: str, at: Milliseconds) -> None:
    """See `chat.ports.HookStore.end_hook`."""
    execution = Execution(transaction, actor, at)
    log = execution.log(conversation, "see")
    mine = (incoming_hooks.c.conversation_id == log.id, incoming_hooks.c.id == id)
    row = execution.connection.execute(select(incoming_hooks).where(*mine)).one_or_none()
    if row is None or row.maker_uid != actor.uid:
        execution.require(log, "hook")  # asked first: others do not learn which ids exist
    if row is None:
        raise NotFound()
    execution.connection.execute(delete(incoming_hooks).where(*mine))
    execution.audit("hook.remove", log, row.maker_uid, row.name)


def of_conversation(connection: Connection, actor: Actor, conversation: str) -> list[IncomingHook]:
    """See `chat.ports.HookStore.hooks_of`."""
    log = visible(connection, actor, conversation, "hook")
    return _hooks(connection, incoming_hooks.c.conversation_id == log.id)


def by_maker(connection: Connection, uid: str) -> list[IncomingHook]:
    """See `chat.ports.HookStore.hooks_by`."""
    return _hooks(connection, incoming_hooks.c.maker_uid == uid)


def by_token(connection: Connection, token_hash: bytes) -> IncomingHook | None:
    """See `chat.ports.HookStore.hook_by_token`."""
    row = connection.execute(_HOOKS.where(incoming_hooks.c.token_hash == token_hash)).one_or_none()
    return None if row is None else _hook(row)


def _hooks(connection: Connection, which: ColumnElement[bool]) -> list[IncomingHook]:
    rows = connection.execute(_HOOKS.where(which).order_by(incoming_hooks.c.created_at, incoming_hooks.c.id))
    return [_hook(row) for row in rows]


def _hook(row: AnyRow) -> IncomingHook:
    return IncomingHook(*row)
