"""What becomes of a message after it was sent."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, select, update

from suhbat.chat.message_changes import edit_refusal, pin_refusal
from suhbat.chat.model import CommandResult
from suhbat.chat.reactions import choose
from suhbat.protocol.commands import Delete, Edit, Pin, React
from suhbat.protocol.events import (
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
)
from suhbat.store import filtered, reactions, search
from suhbat.store.mentions import forget_mentions, meant, note_mentions, pay, still_unread
from suhbat.store.rows import for_all, message_data
from suhbat.store.tables import events, pins

from .execution import Writing, allow


def edit(writing: Writing, command: Edit) -> CommandResult:
    """The text changes in place; a replay of the old event shows the new text. The same text again changes nothing."""
    log = writing.log(command.conversation, "edit")
    row = writing.message(log, command.seq)
    allow(edit_refusal(writing.actor, row.actor_uid))
    if row.text == command.text:
        return CommandResult(log.name, log.head)
    allow(filtered.refusal(writing.connection, writing.cache, command.text))
    after = meant(log, writing.actor, writing.context.mentioned, writing.at)
    allow(pay(writing.rules.naming, log, writing.actor, after, writing.at))
    before = forget_mentions(writing.connection, log, row.ordinal)
    after = still_unread(writing.connection, log, row.ordinal, after)
    note_mentions(writing.connection, log, row.ordinal, writing.actor, after)
    changed: dict[str, Any] = {"text": command.text, "edited_at": writing.at}
    if before.everyone != after.everyone:
        said = json.loads(row.data)["everyone"] if row.data else 0
        changed["data"] = message_data(said, after.everyone)
    place = (events.c.conversation_id == log.id, events.c.seq == command.seq)
    writing.connection.execute(update(events).where(*place).values(changed))
    search.replace(writing.connection, (log.id, command.seq, row.actor_uid, row.text), command.text)
    (shown,) = for_all(writing.connection, log.id, log.name, [writing.message(log, command.seq)], log.head + 1)
    everyone = after.everyone - before.everyone
    event = writing.append(log, MessageEdited, about=command.seq, message=shown, everyone=everyone)
    writing.tell_mentions(log, command.seq, before.uids ^ after.uids)
    return CommandResult(log.name, event.seq)


def delete(writing: Writing, command: Delete) -> CommandResult:
    """A tombstone stays. The text is gone from everywhere in this transaction; deleting again changes nothing."""
    log = writing.log(command.conversation, "delete")
    place = (events.c.conversation_id == log.id, events.c.seq == command.seq, events.c.ordinal.is_not(None))
    row = writing.connection.execute(select(events).where(*place)).one_or_none()
    if row is not None and row.deleted and writing.may_read(log, command.seq):
        return CommandResult(log.name, log.head)
    row = writing.message(log, command.seq)
    if row.actor_uid != writing.actor.uid:
        writing.require(log, "delete_any")
        writing.note("message.delete", log, row.actor_uid, str(command.seq))
    writing.connection.execute(update(events).where(*place).values(text="", deleted=True))
    reactions.drop(writing.connection, log.id, command.seq)
    writing.connection.execute(delete_rows(pins).where(pins.c.conversation_id == log.id, pins.c.target == command.seq))
    search.forget(writing.connection, [(log.id, command.seq, row.actor_uid, row.text)])
    named = forget_mentions(writing.connection, log, row.ordinal)
    event = writing.append(
        log,
        MessageDeleted,
        about=command.seq,
        target=command.seq,
        ordinal=row.ordinal,
        sender_uid=row.actor_uid,
        everyone=-1 if named.everyone else 0,
    )
    writing.tell_mentions(log, command.seq, named.uids)
    return CommandResult(log.name, event.seq)


def react(writing: Writing, command: React) -> CommandResult:
    """Put there, or taken back; what is so already changes nothing."""
    log = writing.log(command.conversation, "react")
    writing.message(log, command.seq)
    connection, uid = writing.connection, writing.actor.uid
    emoji = choose(
        command.emoji,
        on=command.on,
        mine=reactions.of_person(connection, log.id, command.seq, uid),
        present=reactions.present(connection, log.id, command.seq) if command.on else (),
    )
    if emoji is None:
        return CommandResult(log.name, log.head)
    if command.on:
        added = writing.append(log, ReactionAdded, about=command.seq, target=command.seq, emoji=emoji)
        reactions.put(connection, log.id, command.seq, emoji, uid, writing.actor.user_id, added.seq)
        writing.note_users((writing.actor,))
        return CommandResult(log.name, added.seq)
    reactions.take(connection, log.id, command.seq, emoji, uid)
    removed = writing.append(log, ReactionRemoved, about=command.seq, target=command.seq, emoji=emoji)
    return CommandResult(log.name, removed.seq)


def pin(writing: Writing, command: Pin) -> CommandResult:
    """Pinned, or not; what is so already changes nothing."""
    log = writing.log(command.conversation, "pin")
    writing.message(log, command.seq)
    present = set(writing.connection.execute(select(pins.c.target).where(pins.c.conversation_id == log.id)).scalars())
    if (command.seq in present) == command.on:
        return CommandResult(log.name, log.head)
    if command.on:
        allow(pin_refusal(len(present)))
        writing.connection.execute(insert(pins), {"conversation_id": log.id, "target": command.seq, "at": writing.at})
        return CommandResult(log.name, writing.append(log, MessagePinned, about=command.seq, target=command.seq).seq)
    writing.connection.execute(delete_rows(pins).where(pins.c.conversation_id == log.id, pins.c.target == command.seq))
    return CommandResult(log.name, writing.append(log, MessageUnpinned, about=command.seq, target=command.seq).seq)
