"""Commands that make, change and erase conversations."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy import update as update_rows

from suhbat.chat.conversations import (
    changed_settings,
    direct_refusal,
    people_of_direct,
    picture_refusal,
    room_refusal,
    update_refusal,
)
from suhbat.chat.model import CommandResult
from suhbat.protocol.commands import Create, Erase, Meet, Update
from suhbat.protocol.events import ConversationAdded, ConversationRemoved, ConversationUpdated
from suhbat.protocol.http_commands import ChangePicture
from suhbat.protocol.objects import ConversationSettings
from suhbat.store.read.states import state_of
from suhbat.store.tables import (
    conversations,
    drafts,
    everyone,
    incoming_hooks,
    members,
    mentions,
    named,
    notify_levels,
    numbers,
    reads,
    sanctions,
    saved,
    thread_marks,
    thread_mentions,
)
from suhbat.store.write import pictures, thread_followers
from suhbat.store.write.directs import counts_for, make_direct, pair_of, show_direct
from suhbat.store.write.logs import Log, new_log, new_room_id

from .execution import Execution, allow
from .invitations import withdraw_all


def create(execution: Execution, command: Create) -> CommandResult:
    """Make a room, with the actor as its owner."""
    actor = execution.actor
    allow(room_refusal(actor))
    execution.require_room_for(actor, exempt=execution.context.exempt)
    execution.spend_allowance("rooms", execution.rules.bounds.rooms, exempt=execution.context.exempt)
    settings = ConversationSettings(
        title=command.title, topic=command.topic, visibility=command.visibility, history=command.history
    )
    name = new_room_id()
    connection = execution.connection
    row = new_log(name, "room", execution.at) | settings.model_dump()
    connection.execute(insert(conversations), row)
    id_ = connection.execute(select(conversations.c.id).where(conversations.c.name == name)).scalar_one()
    key = {"conversation_id": id_, "uid": actor.uid}
    connection.execute(insert(members), key | {"role": "owner", "since": 0, "joined_at": execution.at})
    connection.execute(insert(reads), key | {"read_ordinal": 0, "own_since": 0})
    execution.add_users((actor,))
    log = Log(id_, name, "room", 0, 0, 0, {actor.uid: "owner"}, settings)
    execution.cache.named[name] = log
    execution.cache.readers.add((id_, actor.uid))
    execution.append(execution.own_log(actor.uid), ConversationAdded, state=state_of(connection, actor.uid, id_))
    return CommandResult(name, 0, created=True)


def meet(execution: Execution, command: Meet) -> CommandResult:
    """Open the one direct of exactly these people; make it if it does not exist."""
    people, exempt = people_of_direct(execution.actor, execution.context.people), execution.context.exempt
    allow(direct_refusal(people))
    is_alone = len(people) == 1
    if is_alone:
        people *= 2
    pair = pair_of(*people)
    execution.cache.load(execution.connection, (), {pair: people}, execution.at)
    log = execution.cache.pairs.get(pair)
    if log is not None:
        return _show(execution, log)
    execution.require_room_for(execution.actor, exempt=exempt)
    if not is_alone:
        execution.spend_allowance("directs", execution.rules.bounds.directs, exempt=exempt)
    log, is_new = make_direct(execution.transaction, execution.actor, people, execution.at, writes=False)
    if not is_new:
        return _show(execution, log)  # another writer has made it meanwhile
    return CommandResult(log.name, log.head, created=True)


def _show(execution: Execution, log: Log) -> CommandResult:
    """Open an existing direct: from now on the actor sees it, and it counts for them."""
    connection, uid = execution.connection, execution.actor.uid
    if not counts_for(connection, log, uid):
        execution.require_room_for(execution.actor, exempt=execution.context.exempt)
        mine = (members.c.conversation_id == log.id, members.c.uid == uid)
        connection.execute(update_rows(members).where(*mine).values(counts=True))
    show_direct(execution.transaction, log, execution.actor, execution.at, to=uid)
    return CommandResult(log.name, log.head)


def write_settings(execution: Execution, log: Log, changed: dict[str, Any]) -> int:
    """Write changed settings. Returns the `seq` of `conversation.updated`."""
    settings = log.settings.model_copy(update=changed)
    # Not `model_dump`, which leaves out a picture that is None.
    fields = {name: getattr(settings, name) for name in ConversationSettings.model_fields}
    execution.connection.execute(update_rows(conversations).where(conversations.c.id == log.id).values(**fields))
    log.settings = settings
    if changed.get("history") == "joined":
        _hide_threads(execution, log)
    # Only with this change may members who joined later see the last message.
    last = execution.last_message(log) if changed.get("history") == "all" else None
    about = None if last is None else last.seq
    return execution.append(log, ConversationUpdated, about=about, last_message=last, **fields).seq


def _hide_threads(execution: Execution, log: Log) -> None:
    """Members no longer follow threads that began before they joined, because they cannot read these any more."""
    late = (
        select(thread_marks.c.root, thread_marks.c.uid)
        .join(
            members,
            (members.c.conversation_id == thread_marks.c.conversation_id) & (members.c.uid == thread_marks.c.uid),
        )
        .where(thread_marks.c.conversation_id == log.id, thread_marks.c.root <= members.c.since)
        .order_by(thread_marks.c.root)
    )
    for root, group in groupby(execution.connection.execute(late).all(), key=lambda row: row.root):
        uids = [row.uid for row in group]
        thread_followers.cease(execution.transaction, log.name, log.id, root, uids, execution.actor, execution.at)


def update(execution: Execution, command: Update) -> CommandResult:
    """Change the settings that are given and differ. Moderators change title, topic and slow mode, owners all settings."""
    log = execution.log(command.conversation, "see")
    changed = changed_settings(command, log.settings)
    allow(update_refusal(execution.actor, execution.facts(log), command, changed))
    if not changed:
        return CommandResult(log.name, log.head)
    execution.audit("conversation.update", log, "", ", ".join(sorted(changed)))
    return CommandResult(log.name, write_settings(execution, log, changed))


def change_picture(execution: Execution, command: ChangePicture) -> CommandResult:
    """Change the picture of a room, or remove it."""
    log, new = execution.log(command.conversation, "see"), execution.context.picture
    allow(picture_refusal(execution.actor, execution.facts(log)))
    if new is None and log.settings.picture is None:
        return CommandResult(log.name, log.head)
    pictures.replace(execution.connection, log.name, execution.actor.uid, new, execution.at)
    execution.audit("conversation.update", log, "", "picture")
    return CommandResult(log.name, write_settings(execution, log, {"picture": None if new is None else new.file}))


def erase(execution: Execution, command: Erase) -> CommandResult:
    """Erase a room for everybody. It disappears in this transaction; `write.retention` deletes its events in small steps."""
    log = execution.log(command.conversation, "erase")
    execution.cache.load_own(execution.connection, log.people or (), execution.at)
    for uid in log.people or ():
        execution.append(execution.own_log(uid), ConversationRemoved, removed=log.name)
    withdraw_all(execution, log)
    execution.audit("conversation.erase", log, "", log.settings.title)
    execution.flush()
    execution.connection.execute(
        update_rows(conversations).where(conversations.c.id == log.id).values(kind="erased", picture=None)
    )
    pictures.remove(execution.connection, log.name, execution.at)
    for table in (
        members, reads, drafts, notify_levels, mentions, everyone, named, saved, sanctions, thread_marks,
        thread_mentions, incoming_hooks,
    ):  # fmt: skip
        execution.connection.execute(delete(table).where(table.c.conversation_id == log.id))
    execution.connection.execute(delete(numbers).where(numbers.c.ref == log.name))
    # The cache refers to the room in many places.
    execution.cache.clear()
    return CommandResult(log.name, log.head)
