"""What is somebody's own: how far they have read, and what they have begun to write."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select, update

from suhbat.chat import acts
from suhbat.chat.acts import Done
from suhbat.chat.model import Change
from suhbat.protocol.events import DraftChanged, ReadMarked, UserUpdated
from suhbat.protocol.types import ME
from suhbat.store import accounts, unread
from suhbat.store.logs import Log
from suhbat.store.mentions import read_mentions
from suhbat.store.rows import profile
from suhbat.store.tables import drafts, events, reads

from .writing import Writing


def renew(writing: Writing, act: acts.Renew) -> Done:
    """The row is written over; who has changed for others to see is told to all of their devices."""
    before = profile(writing.connection, act.account.uid)
    accounts.save(writing.connection, act.account)
    after = profile(writing.connection, act.account.uid)
    writing.transaction.changes.append(Change("account", act.account.uid))
    if after is None or after == before:
        return Done(ME, 0)
    event = writing.append(writing.own(act.account.uid), UserUpdated, user=after)
    return Done(ME, event.seq)


def mark(writing: Writing, act: acts.Mark) -> Done:
    """Everything up to this ordinal is read. A mark never goes back, and never beyond the last message."""
    log = writing.log(act.conversation, "mark")
    mine = (reads.c.uid == act.actor.uid, reads.c.conversation_id == log.id)
    row = writing.connection.execute(select(reads.c.read_ordinal, reads.c.own_since).where(*mine)).one_or_none()
    if row is None:
        return Done(log.name, log.head)  # a bare guest: nothing is unread
    ordinal = min(act.ordinal, log.ordinal)
    if ordinal <= row.read_ordinal:
        return Done(log.name, log.head, unread=_unread(writing, log, row.read_ordinal, row.own_since))
    own_since = writing.connection.execute(
        select(func.count())
        .select_from(events)
        .where(events.c.conversation_id == log.id, events.c.ordinal > ordinal, events.c.actor_uid == act.actor.uid)
    ).scalar_one()
    writing.connection.execute(update(reads).where(*mine).values(read_ordinal=ordinal, own_since=own_since))
    mentions = read_mentions(writing.connection, log, act.actor.uid, ordinal)
    left = _unread(writing, log, ordinal, own_since)
    writing.append(
        writing.own(act.actor.uid),
        ReadMarked,
        target=log.name,
        ordinal=ordinal,
        last_ordinal=log.ordinal,
        head=log.head,
        unread=left,
        mentions=mentions,
    )
    return Done(log.name, log.head, unread=left)


def _unread(writing: Writing, log: Log, read: int, own: int) -> int:
    gone = unread.deleted(writing.connection, log.id, writing.actor.uid, read, log.ordinal)
    return unread.unread(log.ordinal, unread.first(writing.connection, log.id), read, own, gone)


def draft(writing: Writing, act: acts.Draft) -> Done:
    """Kept for all devices; "" is none."""
    log = writing.log(act.conversation, "draft" if act.text else "see")
    mine = (drafts.c.uid == act.actor.uid, drafts.c.conversation_id == log.id)
    before = writing.connection.execute(select(drafts.c.text).where(*mine)).scalar() or ""
    if before == act.text:
        return Done(log.name, log.head)
    writing.connection.execute(delete(drafts).where(*mine))
    if act.text:
        writing.connection.execute(insert(drafts), {"uid": act.actor.uid, "conversation_id": log.id, "text": act.text})
    writing.append(writing.own(act.actor.uid), DraftChanged, target=log.name, text=act.text)
    return Done(log.name, log.head)
