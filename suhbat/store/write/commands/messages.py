"""Commands about stored messages: edit, delete, react, pin."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, select, update

from suhbat.chat.bots import buttons_refusal
from suhbat.chat.mentions import NO_TARGETS
from suhbat.chat.message_changes import edit_refusal, pin_refusal
from suhbat.chat.model import Actor, CommandResult
from suhbat.chat.reactions import choose
from suhbat.errors import StillGrowing
from suhbat.protocol.bots import buttons_of
from suhbat.protocol.commands import Delete, Edit, Pin, React
from suhbat.protocol.events import (
    MessageDeleted,
    MessageEdited,
    MessageFinished,
    MessagePinned,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
)
from suhbat.protocol.extras import Extra, extra_of
from suhbat.store import search
from suhbat.store.dialect import AnyRow
from suhbat.store.message_data import changed_json, has_files, is_streaming, without_content
from suhbat.store.read.messages import thread_of
from suhbat.store.read.reactions import of_person, present
from suhbat.store.tables import IS_MESSAGE, events, pins, saved
from suhbat.store.write import files, growing, inbox, reactions, word_filter
from suhbat.store.write.hook_makers import is_maker
from suhbat.store.write.logs import Log
from suhbat.store.write.mentions import add_mentions, remove_mentions, resolve_mentions, spend_mentions, without_readers

from . import replies
from .execution import Execution, allow


def edit(execution: Execution, command: Edit) -> CommandResult:
    """Change the text in place, so that a replay of the old event shows the new text. The same text again changes nothing."""
    log = execution.log(command.conversation, "edit")
    row = execution.message_row(log, command.seq)
    allow(edit_refusal(execution.actor, row.actor_uid, command.text, has_files=has_files(row.data)))
    if is_streaming(row.data):
        raise StillGrowing()
    allow(buttons_refusal(execution.actor, command.actions))
    if row.text == command.text and not _changes_buttons(command, row.data):
        return CommandResult(log.name, log.head)
    allow(word_filter.refusal(execution.connection, execution.cache, command.text))
    changed: dict[str, Any] = {"text": command.text, "edited_at": execution.at}
    if command.actions is not None:
        buttons = Extra(buttons_of(command.actions)).plain().get("actions")
        changed["data"] = changed_json(row.data, actions=buttons)
    return rewrite(execution, log, row, changed, MessageEdited)


def _changes_buttons(command: Edit, data: str | None) -> bool:
    if command.actions is None:
        return False
    extra = None if data is None else extra_of(json.loads(data))
    return buttons_of(command.actions) != (() if extra is None else extra.actions)


def rewrite(
    execution: Execution,
    log: Log,
    row: AnyRow,
    changed: dict[str, Any],
    kind: type[MessageEdited | MessageFinished],
    *,
    is_refusable: bool = True,
) -> CommandResult:
    """Write a new text of a message, and whom it mentions now; append an event of this kind. `changed`: the new text, and what
    else changes in the row. If the sender has mentioned too many people lately, it is refused, or (not `is_refusable`) mentions
    nobody. A message that has grown has mentioned nobody before."""
    is_own = row.actor_uid == execution.actor.uid
    author = execution.actor if is_own else Actor(row.actor_uid, row.actor)
    if thread_of(row) is not None:
        return replies.rewrite(execution, log, row, changed, kind, author, is_refusable=is_refusable)
    after = resolve_mentions(log, author, execution.context.mentioned, execution.at)
    if refused := spend_mentions(execution.transaction, log, author, after, execution.at):
        allow(refused if is_refusable else None)
        after = NO_TARGETS
    is_new = kind is MessageFinished
    before = NO_TARGETS if is_new else remove_mentions(execution.connection, log, row.ordinal)
    listed = after.uids if is_new else inbox.mentioned(execution.connection, log.id, row.seq) & after.uids
    after = without_readers(execution.connection, log, row.ordinal, after, is_new=is_new)
    if not is_new or listed:
        inbox.change(execution.connection, log.id, row.seq, listed | after.uids)
    add_mentions(execution.connection, log, row.ordinal, author, after)
    if before.everyone != after.everyone:
        changed["data"] = changed_json(changed.get("data", row.data), mentions_all=after.everyone)
    shown = replies.change(execution, log, row, changed)
    everyone = after.everyone - before.everyone
    event = execution.append(log, kind, about=row.seq, message=shown, everyone=everyone)
    execution.append_mentioned(log, row.seq, before.uids ^ after.uids)
    return CommandResult(log.name, event.seq)


def delete(execution: Execution, command: Delete) -> CommandResult:
    """Delete a message; a tombstone stays. Deleting again changes nothing."""
    log = execution.log(command.conversation, "delete")
    condition = (events.c.conversation_id == log.id, events.c.seq == command.seq, IS_MESSAGE)
    row = execution.connection.execute(select(events).where(*condition)).one_or_none()
    if row is not None and row.deleted and execution.may_read(log, thread_of(row) or command.seq):
        return CommandResult(log.name, log.head)
    row = execution.message_row(log, command.seq)
    if row.actor_uid != execution.actor.uid and not is_maker(execution.connection, execution.actor.uid, row.actor_uid):
        execution.require(log, "delete_any")
        execution.audit("message.delete", log, row.actor_uid, str(command.seq))
    deleted: dict[str, Any] = {"text": "", "deleted": True}
    if row.data is not None:
        deleted["data"] = without_content(row.data)
    execution.connection.execute(update(events).where(*condition).values(deleted))
    return CommandResult(log.name, scrub(execution, log, row))


def scrub(execution: Execution, log: Log, row: AnyRow) -> int:
    """Delete everything that belongs to a message but its row: reactions, pin, search entry, mentions. Returns the `seq` of
    `message.deleted`."""
    connection = execution.connection
    reactions.delete_of_message(connection, log.id, row.seq)
    connection.execute(delete_rows(pins).where(pins.c.conversation_id == log.id, pins.c.target == row.seq))
    connection.execute(delete_rows(saved).where(saved.c.conversation_id == log.id, saved.c.seq == row.seq))
    inbox.remove(connection, log.id, row.seq)
    if is_streaming(row.data):
        growing.forget(connection, log.id, row.seq)
    if has_files(row.data):
        files.drop_of_message(connection, log.id, row.seq, execution.at)
    search.forget(connection, [(log.id, row.seq, row.actor_uid, search.searchable(row.text, row.data), thread_of(row))])
    if thread_of(row) is not None:
        return replies.scrub(execution, log, row)
    named = remove_mentions(connection, log, row.ordinal)
    event = execution.append(
        log,
        MessageDeleted,
        about=row.seq,
        target=row.seq,
        ordinal=row.ordinal,
        sender_uid=row.actor_uid,
        everyone=-1 if named.everyone else 0,
    )
    execution.append_mentioned(log, row.seq, named.uids)
    return event.seq


def react(execution: Execution, command: React) -> CommandResult:
    """Add or remove a reaction. A repetition changes nothing."""
    log = execution.log(command.conversation, "react")
    within = thread_of(execution.message_row(log, command.seq))
    connection, uid = execution.connection, execution.actor.uid
    emoji = choose(
        command.emoji,
        on=command.on,
        mine=of_person(connection, log.id, command.seq, uid),
        present=present(connection, log.id, command.seq) if command.on else (),
    )
    if emoji is None:
        return CommandResult(log.name, log.head)
    if command.on:
        added = execution.append(log, ReactionAdded, about=command.seq, within=within, target=command.seq, emoji=emoji)
        reactions.add(connection, log.id, command.seq, emoji, uid, execution.actor.user_id, added.seq)
        execution.add_users((execution.actor,))
        return CommandResult(log.name, added.seq)
    reactions.remove(connection, log.id, command.seq, emoji, uid)
    removed = execution.append(log, ReactionRemoved, about=command.seq, within=within, target=command.seq, emoji=emoji)
    return CommandResult(log.name, removed.seq)


def pin(execution: Execution, command: Pin) -> CommandResult:
    """Pin or unpin a message. A repetition changes nothing."""
    log = execution.log(command.conversation, "pin")
    about = {"about": command.seq, "within": thread_of(execution.message_row(log, command.seq))}
    present = set(execution.connection.execute(select(pins.c.target).where(pins.c.conversation_id == log.id)).scalars())
    if (command.seq in present) == command.on:
        return CommandResult(log.name, log.head)
    if command.on:
        allow(pin_refusal(len(present)))
        execution.connection.execute(
            insert(pins), {"conversation_id": log.id, "target": command.seq, "at": execution.at}
        )
        return CommandResult(log.name, execution.append(log, MessagePinned, **about, target=command.seq).seq)
    execution.connection.execute(
        delete_rows(pins).where(pins.c.conversation_id == log.id, pins.c.target == command.seq)
    )
    return CommandResult(log.name, execution.append(log, MessageUnpinned, **about, target=command.seq).seq)
