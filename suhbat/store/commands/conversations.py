"""Rooms and directs as such: made, changed, taken away."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy import update as update_rows

from suhbat.chat.conversations import (
    changed_settings,
    direct_refusal,
    people_of_direct,
    room_refusal,
    update_refusal,
)
from suhbat.chat.model import CommandResult
from suhbat.protocol.commands import Create, Erase, Meet, Update
from suhbat.protocol.events import ConversationAdded, ConversationRemoved, ConversationUpdated
from suhbat.protocol.objects import Settings
from suhbat.store.directs import counts_for, make_direct, pair_of, show_direct
from suhbat.store.logs import Log, new_log, new_room_id
from suhbat.store.queries import state_of
from suhbat.store.tables import conversations, drafts, everyone, members, mentions, reads, sanctions

from .execution import Writing, allow
from .invitations import withdraw_all


def create(writing: Writing, command: Create) -> CommandResult:
    """A new room, with its maker as the owner."""
    actor = writing.actor
    allow(room_refusal(actor))
    writing.conversations(actor, exempt=writing.context.exempt)
    writing.spend("rooms", writing.rules.bounds.rooms, exempt=writing.context.exempt)
    settings = Settings(
        title=command.title, topic=command.topic, visibility=command.visibility, history=command.history
    )
    name = new_room_id()
    connection = writing.connection
    row = new_log(name, "room", writing.at) | settings.model_dump()
    connection.execute(insert(conversations), row)
    id_ = connection.execute(select(conversations.c.id).where(conversations.c.name == name)).scalar_one()
    place = {"conversation_id": id_, "uid": actor.uid}
    connection.execute(insert(members), place | {"role": "owner", "since": 0, "joined_at": writing.at})
    connection.execute(insert(reads), place | {"read_ordinal": 0, "own_since": 0})
    writing.note_users((actor,))
    log = Log(id_, name, "room", 0, 0, 0, {actor.uid: "owner"}, settings)
    writing.cache.named[name] = log
    writing.cache.readers.add((id_, actor.uid))
    writing.append(writing.own(actor.uid), ConversationAdded, state=state_of(connection, actor.uid, id_))
    return CommandResult(name, 0, created=True)


def meet(writing: Writing, command: Meet) -> CommandResult:
    """The one direct of exactly these people."""
    people, exempt = people_of_direct(writing.actor, writing.context.people), writing.context.exempt
    allow(direct_refusal(people))
    is_alone = len(people) == 1
    if is_alone:
        people *= 2
    pair = pair_of(*people)
    writing.cache.load(writing.connection, (), {pair: people}, writing.at)
    log = writing.cache.pairs.get(pair)
    if log is not None:
        return _show(writing, log)
    writing.conversations(writing.actor, exempt=exempt)
    if not is_alone:
        writing.spend("directs", writing.rules.bounds.directs, exempt=exempt)
    log, is_new = make_direct(writing.transaction, writing.actor, people, writing.at, writes=False)
    if not is_new:
        return _show(writing, log)  # another writer made it meanwhile
    return CommandResult(log.name, log.head, created=True)


def _show(writing: Writing, log: Log) -> CommandResult:
    """A direct that is there is one that the actor has opened from now on."""
    connection, uid = writing.connection, writing.actor.uid
    if not counts_for(connection, log, uid):
        writing.conversations(writing.actor, exempt=writing.context.exempt)
        mine = (members.c.conversation_id == log.id, members.c.uid == uid)
        connection.execute(update_rows(members).where(*mine).values(counts=True))
    show_direct(writing.transaction, log, writing.actor, writing.at, to=uid)
    return CommandResult(log.name, log.head)


def write_settings(writing: Writing, log: Log, changed: dict[str, Any]) -> int:
    """Write settings, and tell; gives the `seq` of the event."""
    settings = log.settings.model_copy(update=changed)
    writing.connection.execute(
        update_rows(conversations).where(conversations.c.id == log.id).values(**settings.model_dump())
    )
    log.settings = settings
    # Those who came later see what was said before only from now on.
    last = writing.last_message(log) if changed.get("history") == "all" else None
    about = None if last is None else last.seq
    return writing.append(log, ConversationUpdated, about=about, last_message=last, **settings.model_dump()).seq


def update(writing: Writing, command: Update) -> CommandResult:
    """Settings that are given and differ. Title, topic and slow mode are a moderator's, the others the owner's."""
    log = writing.log(command.conversation, "see")
    changed = changed_settings(command, log.settings)
    allow(update_refusal(writing.actor, writing.facts(log), command, changed))
    if not changed:
        return CommandResult(log.name, log.head)
    writing.note("conversation.update", log, "", ", ".join(sorted(changed)))
    return CommandResult(log.name, write_settings(writing, log, changed))


def erase(writing: Writing, command: Erase) -> CommandResult:
    """A room goes with all that was said in it, for everybody: it is not there any more from now on, and what is left of it
    is taken away a little at a time (`store.retention`)."""
    log = writing.log(command.conversation, "erase")
    writing.cache.load_own(writing.connection, log.people or (), writing.at)
    for uid in log.people or ():
        writing.append(writing.own(uid), ConversationRemoved, removed=log.name)
    withdraw_all(writing, log)
    writing.note("conversation.erase", log, "", log.settings.title)
    writing.flush()
    writing.connection.execute(update_rows(conversations).where(conversations.c.id == log.id).values(kind="erased"))
    for table in (members, reads, drafts, mentions, everyone, sanctions):
        writing.connection.execute(delete(table).where(table.c.conversation_id == log.id))
    # The cache has it in many places.
    writing.cache.clear()
    return CommandResult(log.name, log.head)
