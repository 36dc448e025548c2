"""How many messages clients show as unread, as one number: in the title of a tab, and at the icon of the application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
)

from suhbat.chat.model import Milliseconds
from suhbat.chat.notify import is_over
from suhbat.protocol.objects import Notify
from suhbat.store.dialect import Row, select_for
from suhbat.store.tables import (
    IS_SHOWN,
    conversations,
    everyone,
    members,
    mentions,
    reads,
    thread_marks,
    thread_mentions,
    threads,
)

from .unread import count_unread, deleted_column, select_first_ordinal

COUNTED = 200
"""Conversations and threads with unread messages that are counted, at most."""


_WANTED = table("wanted", column("uid", Text))
_UID: ColumnElement[str] = bindparam("uid")
_PLACE = {name: bindparam(name, type_=BigInteger) for name in ("log", "root", "read")}


def _seen(log_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the user sees the conversation with this id, which `conversations` has, too."""
    member = select(members.c.uid).where(members.c.uid == _WANTED.c.uid, members.c.conversation_id == log_id, IS_SHOWN)
    member = member.correlate(_WANTED, conversations, reads, thread_marks)
    return or_(conversations.c.kind == "lobby", member.exists())


# Statements are built once: building one takes longer than reading with it.
_UNREAD = (
    select(
        _WANTED.c.uid,
        conversations.c.id,
        conversations.c.last_ordinal,
        reads.c.read_ordinal,
        reads.c.own_since,
        deleted_column(reads.c.uid).label("deleted"),
        select_first_ordinal(conversations.c.id).correlate(conversations).scalar_subquery().label("first"),
    )
    .select_from(
        _WANTED.outerjoin(reads, reads.c.uid == _WANTED.c.uid).outerjoin(
            conversations, reads.c.conversation_id == conversations.c.id
        )
    )
    .where(conversations.c.last_ordinal > reads.c.read_ordinal, _seen(reads.c.conversation_id))
    .limit(COUNTED)
)
_UNREAD_REPLIES = threads.c.last_ordinal - thread_marks.c.read_ordinal - thread_marks.c.skipped
_THREADS = (
    select(
        _WANTED.c.uid,
        thread_marks.c.conversation_id,
        thread_marks.c.root,
        thread_marks.c.read_ordinal,
        _UNREAD_REPLIES.label("unread"),
    )
    .select_from(
        _WANTED.outerjoin(thread_marks, thread_marks.c.uid == _WANTED.c.uid)
        .outerjoin(
            threads,
            and_(threads.c.conversation_id == thread_marks.c.conversation_id, threads.c.root == thread_marks.c.root),
        )
        .outerjoin(conversations, conversations.c.id == thread_marks.c.conversation_id)
    )
    .where(_UNREAD_REPLIES > 0, _seen(thread_marks.c.conversation_id))
    .limit(COUNTED)
)
_MENTIONS = (
    select(func.count())
    .select_from(mentions)
    .where(mentions.c.uid == _UID, mentions.c.conversation_id == _PLACE["log"], mentions.c.ordinal > _PLACE["read"])
)
_EVERYONE = (
    select(func.count())
    .select_from(everyone)
    .where(everyone.c.conversation_id == _PLACE["log"], everyone.c.ordinal > _PLACE["read"], everyone.c.uid != _UID)
)
_THREAD_MENTIONS = (
    select(func.count())
    .select_from(thread_mentions)
    .where(
        thread_mentions.c.uid == _UID,
        thread_mentions.c.conversation_id == _PLACE["log"],
        thread_mentions.c.root == _PLACE["root"],
        thread_mentions.c.thread_ordinal > _PLACE["read"],
    )
)


def count_all_unread(
    connection: Connection, levels: Mapping[str, Mapping[int, Notify]], now: Milliseconds
) -> dict[str, int]:
    """By uid, the unread messages and replies of these users; where nothing notifies them, only those that mention them.
    `levels`: what each of them chose, by uid and log id."""
    silent = {
        uid: {log_id for log_id, one in chosen.items() if one.level == "none" and not is_over(one.until, now)}
        for uid, chosen in levels.items()
    }
    counts = dict.fromkeys(levels, 0)
    for uid, log_id, last, read, own, deleted, first in _rows(connection, _UNREAD, tuple(levels)):
        if log_id not in silent[uid]:
            counts[uid] += count_unread(last, first, read, own, deleted)
        else:
            place = {"uid": uid, "log": log_id, "read": read}
            counts[uid] += sum(connection.execute(one, place).scalar_one() for one in (_MENTIONS, _EVERYONE))
    for uid, log_id, root, read, unread in _rows(connection, _THREADS, tuple(levels)):
        if log_id not in silent[uid]:
            counts[uid] += unread
        else:
            place = {"uid": uid, "log": log_id, "root": root, "read": read}
            counts[uid] += connection.execute(_THREAD_MENTIONS, place).scalar_one()
    return counts


def _rows(connection: Connection, statement: Select[Any], uids: Sequence[str]) -> list[Row]:
    """The rows of these users, at most COUNTED of each. One statement reads them for all, unless they are so many that
    some would be left out."""
    rows = select_for(connection, statement, _WANTED, [(uid,) for uid in uids])
    if len(uids) > 1 and len(rows) >= COUNTED:
        return [row for uid in uids for row in select_for(connection, statement, _WANTED, [(uid,)])]
    return rows
