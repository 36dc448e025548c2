"""What becomes of a message after it was sent."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, select, update

from suhbat.chat import acts
from suhbat.chat.acts import Done
from suhbat.chat.reactions import choose
from suhbat.errors import BadRequest, Forbidden
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

from .writing import Writing

PINS = 50
"""Pinned messages of one conversation."""


def edit(writing: Writing, act: acts.Edit) -> Done:
    """The text changes in place; a replay of the old event shows the new text. The same text again changes nothing."""
    log = writing.log(act.conversation, "edit")
    row = writing.message(log, act.seq)
    if row.actor_uid != act.actor.uid:
        raise Forbidden("forbidden.author")
    if row.text == act.text:
        return Done(log.name, log.head)
    if refused := filtered.refusal(writing.connection, writing.cache, act.text):
        raise refused
    after = meant(log, act.actor, act.named, act.at)
    if too_many := pay(writing.rules.naming, log, act.actor, after, act.at):
        raise too_many
    before = forget_mentions(writing.connection, log, row.ordinal)
    after = still_unread(writing.connection, log, row.ordinal, after)
    note_mentions(writing.connection, log, row.ordinal, act.actor, after)
    changed: dict[str, Any] = {"text": act.text, "edited_at": act.at}
    if before.everyone != after.everyone:
        said = json.loads(row.data)["everyone"] if row.data else 0
        changed["data"] = message_data(said, after.everyone)
    place = (events.c.conversation_id == log.id, events.c.seq == act.seq)
    writing.connection.execute(update(events).where(*place).values(changed))
    search.replace(writing.connection, (log.id, act.seq, row.actor_uid, row.text), act.text)
    (shown,) = for_all(writing.connection, log.id, log.name, [writing.message(log, act.seq)], log.head + 1)
    everyone = after.everyone - before.everyone
    event = writing.append(log, MessageEdited, about=act.seq, message=shown, everyone=everyone)
    writing.tell_mentions(log, act.seq, before.uids ^ after.uids)
    return Done(log.name, event.seq)


def delete(writing: Writing, act: acts.Delete) -> Done:
    """A tombstone stays. The text is gone from everywhere in this transaction; deleting again changes nothing."""
    log = writing.log(act.conversation, "delete")
    place = (events.c.conversation_id == log.id, events.c.seq == act.seq, events.c.ordinal.is_not(None))
    row = writing.connection.execute(select(events).where(*place)).one_or_none()
    if row is not None and row.deleted and writing.may_read(log, act.seq):
        return Done(log.name, log.head)
    row = writing.message(log, act.seq)
    if row.actor_uid != act.actor.uid:
        writing.require(log, "delete_any")
        writing.note("message.delete", log, row.actor_uid, str(act.seq))
    writing.connection.execute(update(events).where(*place).values(text="", deleted=True))
    reactions.drop(writing.connection, log.id, act.seq)
    writing.connection.execute(delete_rows(pins).where(pins.c.conversation_id == log.id, pins.c.target == act.seq))
    search.forget(writing.connection, [(log.id, act.seq, row.actor_uid, row.text)])
    named = forget_mentions(writing.connection, log, row.ordinal)
    event = writing.append(
        log,
        MessageDeleted,
        about=act.seq,
        target=act.seq,
        ordinal=row.ordinal,
        sender_uid=row.actor_uid,
        everyone=-1 if named.everyone else 0,
    )
    writing.tell_mentions(log, act.seq, named.uids)
    return Done(log.name, event.seq)


def react(writing: Writing, act: acts.React) -> Done:
    """Put there, or taken back; what is so already changes nothing."""
    log = writing.log(act.conversation, "react")
    writing.message(log, act.seq)
    connection, uid = writing.connection, act.actor.uid
    emoji = choose(
        act.emoji,
        on=act.on,
        mine=reactions.of_person(connection, log.id, act.seq, uid),
        present=reactions.present(connection, log.id, act.seq) if act.on else (),
    )
    if emoji is None:
        return Done(log.name, log.head)
    if act.on:
        added = writing.append(log, ReactionAdded, about=act.seq, target=act.seq, emoji=emoji)
        reactions.put(connection, log.id, act.seq, emoji, uid, act.actor.user_id, added.seq)
        writing.note_users((act.actor,))
        return Done(log.name, added.seq)
    reactions.take(connection, log.id, act.seq, emoji, uid)
    removed = writing.append(log, ReactionRemoved, about=act.seq, target=act.seq, emoji=emoji)
    return Done(log.name, removed.seq)


def pin(writing: Writing, act: acts.Pin) -> Done:
    """Pinned, or not; what is so already changes nothing."""
    log = writing.log(act.conversation, "pin")
    writing.message(log, act.seq)
    present = set(writing.connection.execute(select(pins.c.target).where(pins.c.conversation_id == log.id)).scalars())
    if (act.seq in present) == act.on:
        return Done(log.name, log.head)
    if act.on:
        if len(present) >= PINS:
            raise BadRequest(reason=f"at most {PINS} messages can be pinned; unpin one")
        writing.connection.execute(insert(pins), {"conversation_id": log.id, "target": act.seq, "at": act.at})
        return Done(log.name, writing.append(log, MessagePinned, about=act.seq, target=act.seq).seq)
    writing.connection.execute(delete_rows(pins).where(pins.c.conversation_id == log.id, pins.c.target == act.seq))
    return Done(log.name, writing.append(log, MessageUnpinned, about=act.seq, target=act.seq).seq)
