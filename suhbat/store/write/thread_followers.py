"""Who follows a thread, within the transaction of a write: read marks, mentions, and what followers are told.

A follower's count of unread replies is a difference of two ordinals, as in a conversation (see `tables.threads`), so that a
reply costs the same whether ten or ten thousand follow its thread. The log of the conversation tells them of it. Their own
logs have `thread` only for what the replies do not tell: that they follow or no longer follow, have read, or were mentioned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, or_, select, update

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import ThreadChanged
from suhbat.protocol.objects import Thread
from suhbat.protocol.types import MAX_FOLLOWED
from suhbat.store.dialect import Question, find_rows, insert_new, insert_rows, update_rows
from suhbat.store.read.floor import LobbyHistory
from suhbat.store.sqlite.values import parts
from suhbat.store.tables import (
    accounts,
    conversations,
    events,
    guests,
    members,
    thread_marks,
    thread_mentions,
    threads,
)

from .logs import Log
from .threads import ThreadRow, read_threads
from .transaction import WriterTransaction

_MARK_KEYS = ("uid", "conversation_id", "root")
MARKS = Question(thread_marks, _MARK_KEYS, (*_MARK_KEYS, "read_ordinal", "skipped"))
"""By uid, log id and root."""


@dataclass(slots=True)
class ThreadMark:
    """How far a follower has read, and how many replies above it do not count (see `tables.thread_marks`)."""

    read: int
    skipped: int = 0


def may_follow(
    connection: Connection, lobby_history: LobbyHistory, log: Log, root: int, uids: Collection[str]
) -> set[str]:
    """Those of these users who may read the root of a thread, and come back to it."""
    wanted = sorted(uids)
    if log.people is not None:
        inside = {uid for uid in wanted if uid in log.people}
        if log.settings.history != "joined" or not inside:
            return inside
        keys = ("conversation_id", "uid")
        since = find_rows(connection, members, keys, ("uid", "since"), [(log.id, uid) for uid in sorted(inside)])
        return {uid for uid, joined in since if joined < root}
    known = [
        row
        for table in (accounts, guests)
        for row in find_rows(connection, table, ("uid",), ("uid", "lobby_from"), [(uid,) for uid in wanted])
    ]
    return {uid for uid, lobby_from in known if lobby_history == "all" or lobby_from < root}


def read_marks(
    connection: Connection, keys: Collection[tuple[str, int, int]]
) -> dict[tuple[str, int, int], ThreadMark]:
    """The marks of those who follow, by (uid, log id, root)."""
    found = find_rows(connection, *MARKS, sorted(keys))
    return {(uid, log_id, root): ThreadMark(read, skipped) for uid, log_id, root, read, skipped in found}


def write_marks(
    connection: Connection,
    marks: Mapping[tuple[str, int, int], ThreadMark],
    existing: Collection[tuple[str, int, int]] = (),
) -> None:
    """Write marks, by (uid, log id, root). `existing`: those that have a row already."""
    written = {key: (*key, mark.read, mark.skipped) for key, mark in sorted(marks.items(), key=lambda one: one[0])}
    insert_rows(connection, thread_marks, [row for key, row in written.items() if key not in existing])
    changed = [row for key, row in written.items() if key in existing]
    update_rows(connection, thread_marks, _MARK_KEYS, ("read_ordinal", "skipped"), changed, add=False)


def count_skipped(connection: Connection, log_id: int, root: int, uid: str, read: int) -> int:
    """How many replies above this ordinal are the user's own, or deleted."""
    return connection.execute(
        select(func.count())
        .select_from(events)
        .where(
            events.c.conversation_id == log_id,
            events.c.thread == root,
            events.c.thread_ordinal > read,
            or_(events.c.actor_uid == uid, events.c.deleted),
        )
    ).scalar_one()


def add_mentions(connection: Connection, log_id: int, root: int, ordinal: int, uids: Iterable[str]) -> None:
    """Write that a reply mentions these people."""
    insert_new(
        connection,
        thread_mentions,
        [{"uid": uid, "conversation_id": log_id, "root": root, "thread_ordinal": ordinal} for uid in sorted(uids)],
    )


def remove_mentions(connection: Connection, log_id: int, root: int, ordinal: int) -> frozenset[str]:
    """Delete the mentions of a reply. Returns whom it mentioned."""
    place = (
        thread_mentions.c.conversation_id == log_id,
        thread_mentions.c.root == root,
        thread_mentions.c.thread_ordinal == ordinal,
    )
    uids = frozenset(connection.execute(select(thread_mentions.c.uid).where(*place)).scalars())
    if uids:
        connection.execute(delete(thread_mentions).where(*place))
    return uids


def skip_deleted(connection: Connection, log_id: int, root: int, ordinal: int, uid: str) -> None:
    """A reply of this user is deleted: it no longer counts for the others who have not read it."""
    connection.execute(
        update(thread_marks)
        .where(
            thread_marks.c.conversation_id == log_id,
            thread_marks.c.root == root,
            thread_marks.c.read_ordinal < ordinal,
            thread_marks.c.uid != uid,
        )
        .values(skipped=thread_marks.c.skipped + 1)
    )


def state_of(root: int, row: ThreadRow, mark: ThreadMark | None, mentions: int) -> Thread:
    """A thread as one user sees it; for a user who does not follow it, all is read."""
    read, skipped = (row.last_ordinal, 0) if mark is None else (mark.read, mark.skipped)
    return Thread(
        root=root,
        count=row.replies,
        thread_ordinal=row.last_ordinal,
        read_ordinal=read,
        unread=max(0, row.last_ordinal - read - skipped),
        mentions=mentions,
    )


def tell(
    transaction: WriterTransaction,
    log: Log,
    root: int,
    row: ThreadRow,
    marks: Mapping[str, ThreadMark | None],
    actor: Actor,
    at: Milliseconds,
) -> dict[str, Thread]:
    """Append `thread` to the own logs of these people, with their present counts; None: they no longer follow it. The marks are
    written. Returns what each is told."""
    if not marks:
        return {}
    connection, cache = transaction.connection, transaction.cache
    cache.load_own(connection, marks.keys(), at)
    counted = count_mentions(connection, log.id, root, marks)
    told: dict[str, Thread] = {}
    for uid, mark in sorted(marks.items(), key=lambda one: one[0]):
        told[uid] = state_of(root, row, mark, counted.get(uid, 0))
        transaction.appender.append(
            cache.own[uid], ThreadChanged, actor, at,
            target=log.name, head=log.head, follow=mark is not None, thread=told[uid],
        )  # fmt: skip
    return told


def count_mentions(connection: Connection, log_id: int, root: int, uids: Iterable[str]) -> dict[str, int]:
    """How many unread replies of a thread mention each of these followers; those without a count have none."""
    theirs = (
        (thread_marks.c.uid == thread_mentions.c.uid)
        & (thread_marks.c.conversation_id == thread_mentions.c.conversation_id)
        & (thread_marks.c.root == thread_mentions.c.root)
    )
    counted = (
        select(thread_mentions.c.uid, func.count())
        .join(thread_marks, theirs)
        .where(
            thread_mentions.c.conversation_id == log_id,
            thread_mentions.c.root == root,
            thread_mentions.c.thread_ordinal > thread_marks.c.read_ordinal,
        )
        .group_by(thread_mentions.c.uid)
    )
    found: dict[str, int] = {}
    for part in parts(sorted(uids)):
        found.update((row[0], row[1]) for row in connection.execute(counted.where(thread_mentions.c.uid.in_(part))))
    return found


def unfollow(connection: Connection, uid: str, log_id: int, root: int) -> None:
    """Delete the mark of a user in a thread. Nobody is told."""
    connection.execute(
        delete(thread_marks).where(
            thread_marks.c.uid == uid, thread_marks.c.conversation_id == log_id, thread_marks.c.root == root
        )
    )


def make_room(
    transaction: WriterTransaction, new: Mapping[str, Collection[tuple[int, int]]], actor: Actor, at: Milliseconds
) -> None:
    """After users began to follow threads: those who follow more than MAX_FOLLOWED now no longer follow those in which nobody
    has written for longest. `new`: by uid the threads that they keep, by (log id, root)."""
    counted = (
        select(thread_marks.c.uid, func.count())
        .group_by(thread_marks.c.uid)
        .having(func.count() > MAX_FOLLOWED)
        .order_by(thread_marks.c.uid)
    )
    for part in parts(sorted(new)):
        for uid, count in transaction.connection.execute(counted.where(thread_marks.c.uid.in_(part))).all():
            _leave_oldest(transaction, uid, count - MAX_FOLLOWED, new[uid], actor, at)


def _leave_oldest(
    transaction: WriterTransaction,
    uid: str,
    excess: int,
    kept: Collection[tuple[int, int]],
    actor: Actor,
    at: Milliseconds,
) -> None:
    connection = transaction.connection
    mine = thread_marks.c.uid == uid
    same = (threads.c.conversation_id == thread_marks.c.conversation_id) & (threads.c.root == thread_marks.c.root)
    oldest = connection.execute(
        select(thread_marks.c.conversation_id, thread_marks.c.root, conversations.c.name)
        .join(threads, same)
        .join(conversations, conversations.c.id == thread_marks.c.conversation_id)
        .where(mine)
        .order_by(threads.c.last_at, threads.c.last_seq)
        .limit(excess + len(kept))
    ).all()
    for log_id, root, name in [row for row in oldest if (row[0], row[1]) not in kept][:excess]:
        cease(transaction, name, log_id, root, [uid], actor, at)


def cease(
    transaction: WriterTransaction,
    name: str,
    log_id: int,
    root: int,
    uids: Sequence[str],
    actor: Actor,
    at: Milliseconds,
) -> None:
    """These users no longer follow a thread, and are told."""
    connection, cache = transaction.connection, transaction.cache
    for uid in uids:
        unfollow(connection, uid, log_id, root)
    cache.load(connection, (name,), {}, at)
    row = read_threads(connection, [(log_id, root)]).get((log_id, root), ThreadRow())
    if (log := cache.named.get(name)) is not None:
        tell(transaction, log, root, row, dict.fromkeys(uids), actor, at)
