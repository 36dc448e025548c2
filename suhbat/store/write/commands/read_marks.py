"""Commands about read marks: forward when a user reads, and back when they mark messages as unread."""

from __future__ import annotations

from sqlalchemy import func, select, update

from suhbat.chat.marks import unread_refusal
from suhbat.chat.model import CommandResult
from suhbat.protocol.commands import MarkUnread, Read
from suhbat.protocol.event_marks import withhold_receipt
from suhbat.protocol.events import ReadMarked
from suhbat.store.read import unread
from suhbat.store.tables import events, reads
from suhbat.store.write import inbox
from suhbat.store.write.logs import Log
from suhbat.store.write.mentions import count_unread_mentions, mark_mentions_read

from .execution import Execution, allow


def read(execution: Execution, command: Read) -> CommandResult:
    """Move the read mark to this ordinal. It never moves back, and not beyond the last message."""
    log = execution.log(command.conversation, "mark")
    mine = (reads.c.uid == execution.actor.uid, reads.c.conversation_id == log.id)
    columns = (reads.c.read_ordinal, reads.c.own_since, reads.c.furthest)
    row = execution.connection.execute(select(*columns).where(*mine)).one_or_none()
    if row is None:
        return CommandResult(log.name, log.head)  # bare guests have no read marks
    ordinal = min(command.ordinal, log.ordinal)
    if ordinal <= row.read_ordinal:
        return CommandResult(log.name, log.head, unread=_unread(execution, log, row.read_ordinal, row.own_since))
    own_since = _count_own(execution, log, ordinal)
    execution.connection.execute(update(reads).where(*mine).values(read_ordinal=ordinal, own_since=own_since))
    mentions = mark_mentions_read(execution.connection, log, execution.actor.uid, ordinal)
    left = _unread(execution, log, ordinal, own_since)
    event = _tell(execution, log, ordinal, left, mentions)
    if ordinal <= (row.furthest or 0):
        withhold_receipt(event)
    return CommandResult(log.name, log.head, unread=left)


def mark_unread(execution: Execution, command: MarkUnread) -> CommandResult:
    """Move the read mark back, to before this message. Mentions of the actor from there on count again."""
    connection, uid = execution.connection, execution.actor.uid
    log = execution.log(command.conversation, "mark")
    place = (events.c.conversation_id == log.id, events.c.ordinal == command.ordinal)
    seq = connection.execute(select(events.c.seq).where(*place)).scalar()
    exists = seq is not None and execution.may_read(log, seq)
    allow(unread_refusal(command.ordinal, log.ordinal, exists=exists))
    mine = (reads.c.uid == uid, reads.c.conversation_id == log.id)
    columns = (reads.c.read_ordinal, reads.c.own_since, reads.c.furthest)
    row = connection.execute(select(*columns).where(*mine)).one_or_none()
    if row is None or seq is None:
        return CommandResult(log.name, log.head)
    ordinal = command.ordinal - 1
    if ordinal >= row.read_ordinal:
        return CommandResult(log.name, log.head, unread=_unread(execution, log, row.read_ordinal, row.own_since))
    furthest = max(row.read_ordinal, row.furthest or 0)
    own_since = _count_own(execution, log, ordinal)
    values = {"read_ordinal": ordinal, "own_since": own_since, "furthest": furthest}
    connection.execute(update(reads).where(*mine).values(values))
    inbox.count_again(connection, log.id, uid, seq, row.read_ordinal)
    mentions = count_unread_mentions(connection, log, (uid,)).get(uid, 0)
    left = _unread(execution, log, ordinal, own_since)
    withhold_receipt(_tell(execution, log, ordinal, left, mentions))
    return CommandResult(log.name, log.head, unread=left)


def _count_own(execution: Execution, log: Log, above: int) -> int:
    """How many messages above this ordinal are the actor's own."""
    theirs = (events.c.conversation_id == log.id, events.c.ordinal > above, events.c.actor_uid == execution.actor.uid)
    return execution.connection.execute(select(func.count()).select_from(events).where(*theirs)).scalar_one()


def _unread(execution: Execution, log: Log, read: int, own: int) -> int:
    deleted = unread.count_deleted(execution.connection, log.id, execution.actor.uid, read, log.ordinal)
    return unread.count_unread(log.ordinal, unread.first_ordinal(execution.connection, log.id), read, own, deleted)


def _tell(execution: Execution, log: Log, ordinal: int, unread: int, mentions: int) -> ReadMarked:
    return execution.append(
        execution.own_log(execution.actor.uid),
        ReadMarked,
        target=log.name,
        ordinal=ordinal,
        last_ordinal=log.ordinal,
        head=log.head,
        unread=unread,
        mentions=mentions,
    )
