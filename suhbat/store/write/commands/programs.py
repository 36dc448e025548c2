"""What people ask of bots apart from commands, and the keys with which bots answer."""

from __future__ import annotations

import json

from sqlalchemy import Connection, literal, select, update

from suhbat.chat.bots import ANSWERS, KEY_KEPT
from suhbat.chat.model import Asker, CommandResult
from suhbat.errors import NotFound
from suhbat.protocol.events import ActionPressed
from suhbat.protocol.extras import extra_of
from suhbat.protocol.http_commands import AnswerKey, Press
from suhbat.store.dialect import AnyRow
from suhbat.store.read.messages import thread_of
from suhbat.store.tables import accounts, conversations, idempotency, invocations
from suhbat.store.write.logs import Log
from suhbat.store.write.slashes import IS_ENABLED, new_key

from .execution import Execution


def press(execution: Execution, command: Press) -> CommandResult:
    """Tell the bot of a message that the actor pressed its button. Whoever may read the message may press."""
    log = execution.log(command.conversation, "read")
    row = execution.message_row(log, command.seq)
    extra = None if row.data is None else extra_of(json.loads(row.data))
    buttons = () if extra is None else extra.actions
    if all(button.id != command.action for line in buttons for button in line):
        raise NotFound("not_found.button")
    bot = _bot_of(execution, log, row)
    thread = thread_of(row)
    key = new_key(execution.connection, log, bot, execution.actor.uid, execution.at, thread=thread)
    execution.add_users((execution.actor,))
    execution.append(
        execution.own_log(bot), ActionPressed, target=log.name, message=command.seq, action=command.action, key=key
    )
    return CommandResult(log.name, log.head)


def _bot_of(execution: Execution, log: Log, row: AnyRow) -> str:
    """The uid of the bot that sent a message. Raises NotFound if it is not in the conversation any more, or if it or its owner
    is disabled."""
    found = select(accounts.c.uid).where(accounts.c.uid == row.actor_uid, IS_ENABLED)
    uid: str | None = execution.connection.execute(found).scalar()
    if uid is None or (log.people is not None and uid not in log.people):
        raise NotFound("not_found.bot")
    return uid


def answer_key(execution: Execution, command: AnswerKey) -> CommandResult:
    """Use a key of the actor, a bot, once; a repetition, whose `client_id` is known, uses nothing. The result says whom it
    answers. The bot must be allowed to write there, and the user to read."""
    is_new = not _is_repetition(execution, command)
    mine = (invocations.c.key == command.key, invocations.c.uid == execution.actor.uid)
    row = execution.connection.execute(
        select(
            invocations.c.actor_uid, invocations.c.thread, invocations.c.at, invocations.c.replies, conversations.c.name
        )
        .join(conversations, conversations.c.id == invocations.c.conversation_id)
        .where(*mine)
    ).one_or_none()
    if row is None or row.at <= execution.at - KEY_KEPT or (is_new and row.replies >= ANSWERS):
        raise NotFound("not_found.key")
    log = execution.log(row.name, "post")
    if log.people is not None and row.actor_uid not in log.people:
        raise NotFound("not_found.key")
    execution.connection.execute(update(invocations).where(*mine).values(replies=row.replies + is_new))
    return CommandResult(log.name, log.head, asked=Asker(row.actor_uid, row.thread))


def _is_repetition(execution: Execution, command: AnswerKey) -> bool:
    sent = select(literal(1)).where(idempotency.c.uid == execution.actor.uid, idempotency.c.key == command.client_id)
    return command.client_id is not None and execution.connection.execute(sent).scalar() is not None


def conversation_of(connection: Connection, command: AnswerKey) -> str | None:
    """The conversation in which a key is to be used. A key never changes it."""
    found = select(conversations.c.name).join(invocations, conversations.c.id == invocations.c.conversation_id)
    name: str | None = connection.execute(found.where(invocations.c.key == command.key)).scalar()
    return name
