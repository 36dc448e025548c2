"""What the commands about messages do if the message is a reply in a thread; and the command about threads themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from suhbat.chat.mentions import EVERYBODY, NO_TARGETS
from suhbat.chat.model import Actor, CommandResult
from suhbat.chat.threads import mark_refusal, thread_refusal
from suhbat.errors import NotFound
from suhbat.protocol.commands import ChangeThread
from suhbat.protocol.events import MessageDeleted, MessageEdited, MessageFinished
from suhbat.protocol.objects import Message, Thread
from suhbat.store import search
from suhbat.store.dialect import AnyRow, update_rows
from suhbat.store.read.messages import MESSAGE, MESSAGE_AT, shown_to_all, thread_of
from suhbat.store.read.summaries import names_of, summary
from suhbat.store.tables import IS_MESSAGE, events
from suhbat.store.write import inbox, thread_followers, threads
from suhbat.store.write.logs import Log
from suhbat.store.write.mentions import resolve_mentions, spend_mentions
from suhbat.store.write.thread_followers import ThreadMark
from suhbat.store.write.threads import ThreadRow, is_direct_of_two

from .execution import Execution, allow


def change(execution: Execution, log: Log, row: AnyRow, changed: dict[str, Any]) -> Message:
    """Write the new text of a message. Returns the message as an event shows it to all."""
    connection = execution.connection
    update_rows(
        connection,
        events,
        ("conversation_id", "seq"),
        tuple(changed),
        [(log.id, row.seq, *changed.values())],
        add=False,
    )
    before = (log.id, row.seq, row.actor_uid, search.searchable(row.text, row.data), thread_of(row))
    search.replace(connection, before, search.searchable(changed["text"], changed.get("data", row.data)))
    present = connection.execute(MESSAGE_AT, {"log_id": log.id, "seq": row.seq}).all()
    (shown,) = shown_to_all(connection, log.id, log.name, present, log.head + 1)
    return shown


def rewrite(
    execution: Execution,
    log: Log,
    row: AnyRow,
    changed: dict[str, Any],
    kind: type[MessageEdited | MessageFinished],
    author: Actor,
    *,
    is_refusable: bool,
) -> CommandResult:
    """The same as `messages.rewrite` for a reply. The thread is now followed by those whom the new text mentions and who have
    not read the reply."""
    connection, root, ordinal = execution.connection, row.thread, row.thread_ordinal
    named = [uid for uid in execution.context.mentioned if uid != EVERYBODY]
    after = resolve_mentions(log, author, named, execution.at)
    if refused := spend_mentions(execution.transaction, log, author, after, execution.at):
        allow(refused if is_refusable else None)
        after = NO_TARGETS
    present = threads.read_threads(connection, [(log.id, root)]).get((log.id, root))
    if present is None:  # retention has removed the root, and so the thread
        event = execution.append(log, kind, about=row.seq, within=root, message=change(execution, log, row, changed))
        return CommandResult(log.name, event.seq)
    before = thread_followers.remove_mentions(connection, log.id, root, ordinal)
    allowed = thread_followers.may_follow(connection, execution.rules.lobby_history, log, root, after.uids)
    found = thread_followers.read_marks(connection, {(uid, log.id, root) for uid in allowed | before})
    marks: dict[str, ThreadMark] = {uid: mark for (uid, _, _), mark in found.items()}
    new = sorted(allowed - before - marks.keys())
    for uid in new:
        read = ordinal - 1
        marks[uid] = ThreadMark(read, thread_followers.count_skipped(connection, log.id, root, uid, read))
    thread_followers.write_marks(connection, {(uid, log.id, root): marks[uid] for uid in new})
    thread_followers.add_mentions(connection, log.id, root, ordinal, allowed)
    inbox.change(connection, log.id, row.seq, allowed)
    shown = change(execution, log, row, changed)
    event = execution.append(log, kind, about=row.seq, within=root, message=shown)
    told: dict[str, ThreadMark | None] = {
        uid: marks[uid] for uid in allowed ^ before if uid in marks and marks[uid].read < ordinal
    }
    if told:
        thread_followers.tell(execution.transaction, log, root, present, told, execution.actor, execution.at)
    thread_followers.make_room(
        execution.transaction, {uid: [(log.id, root)] for uid in new}, execution.actor, execution.at
    )
    return CommandResult(log.name, event.seq)


def scrub(execution: Execution, log: Log, row: AnyRow) -> int:
    """A deleted reply no longer counts for its thread, and is neither unread nor a mention. Returns the `seq` of
    `message.deleted`."""
    connection, root, ordinal = execution.connection, row.thread, row.thread_ordinal
    fields = {"about": row.seq, "within": root, "target": row.seq, "sender_uid": row.actor_uid}
    fields |= {"thread": root, "thread_ordinal": ordinal}
    present = threads.read_threads(connection, [(log.id, root)]).get((log.id, root))
    if present is None:  # retention has removed the root, and so the thread
        return execution.append(log, MessageDeleted, **fields).seq
    threads.recount(connection, log.id, root, present)
    thread_followers.skip_deleted(connection, log.id, root, ordinal, row.actor_uid)
    named = thread_followers.remove_mentions(connection, log.id, root, ordinal)
    names = names_of(connection, present.people)
    left = summary(present.replies, present.last_seq, present.last_at, present.people, names)
    event = execution.append(log, MessageDeleted, **fields, replies=left if left.count else None)
    marks = thread_followers.read_marks(connection, {(uid, log.id, root) for uid in named})
    told: dict[str, ThreadMark | None] = {uid: mark for (uid, _, _), mark in marks.items() if mark.read < ordinal}
    thread_followers.tell(execution.transaction, log, root, present, told, execution.actor, execution.at)
    return event.seq


def change_thread(execution: Execution, command: ChangeThread) -> CommandResult:
    """Follow a thread, or no longer; or mark it as read. For a user who does not follow it, there is nothing to mark."""
    log = execution.log(command.conversation, "mark")
    row = _thread(execution, log, command.seq)
    allow(mark_refusal(command.read_ordinal or 0, row.last_ordinal))
    uid, connection, root = execution.actor.uid, execution.connection, command.seq
    key = (uid, log.id, root)
    mark = thread_followers.read_marks(connection, [key]).get(key)
    if command.follow is False or (mark is None and not command.follow):
        if mark is not None:
            thread_followers.unfollow(connection, uid, log.id, root)
            _tell(execution, log, root, row, None)
        return CommandResult(log.name, log.head)
    read = command.read_ordinal
    if mark is not None and (read is None or read == mark.read or (read < mark.read and not command.unread)):
        mentions = thread_followers.count_mentions(connection, log.id, root, [uid]).get(uid, 0)
        thread = thread_followers.state_of(root, row, mark, mentions)
        return CommandResult(log.name, log.head, unread=thread.unread, thread=thread)
    is_new, read = mark is None, row.last_ordinal if read is None else read
    mark = ThreadMark(read, thread_followers.count_skipped(connection, log.id, root, uid, read))
    thread_followers.write_marks(connection, {key: mark}, () if is_new else (key,))
    thread = _tell(execution, log, root, row, mark)
    if is_new:
        thread_followers.make_room(execution.transaction, {uid: [(log.id, root)]}, execution.actor, execution.at)
    return CommandResult(log.name, log.head, unread=thread.unread, thread=thread)


def _thread(execution: Execution, log: Log, root: int) -> ThreadRow:
    """The thread of a message, which may be deleted. Raises NotFound if there is none, or the actor may not read it."""
    condition = (events.c.conversation_id == log.id, events.c.seq == root, IS_MESSAGE)
    message = execution.connection.execute(select(*MESSAGE).where(*condition)).one_or_none()
    exists = message is not None and execution.may_read(log, thread_of(message) or root)
    is_reply = message is not None and thread_of(message) is not None
    allow(thread_refusal(is_direct_of_two=is_direct_of_two(log), exists=exists, is_reply=is_reply))
    found = threads.read_threads(execution.connection, [(log.id, root)])
    if not found:
        raise NotFound("not_found.message")
    return found[log.id, root]


def _tell(execution: Execution, log: Log, root: int, row: ThreadRow, mark: ThreadMark | None) -> Thread:
    uid = execution.actor.uid
    return thread_followers.tell(execution.transaction, log, root, row, {uid: mark}, execution.actor, execution.at)[uid]
