"""How many messages clients show as unread, as one number: in the title of a tab, and at the icon of the application."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, func, or_, select

from suhbat.chat.model import Milliseconds
from suhbat.chat.notify import is_over
from suhbat.store.dialect import find_rows
from suhbat.store.tables import (
    IS_SHOWN,
    conversations,
    everyone,
    members,
    mentions,
    notify_levels,
    reads,
    thread_marks,
    thread_mentions,
    threads,
)

from .unread import count_unread, deleted_column, select_first_ordinal

COUNTED = 200
"""Conversations and threads with unread messages that are counted, at most."""


def count_all_unread(connection: Connection, uid: str, now: Milliseconds) -> int:
    """The unread messages and replies of a user; where nothing notifies them, only those that mention them."""
    silent = _silent(connection, uid, now)
    mine = and_(reads.c.uid == uid, reads.c.conversation_id == conversations.c.id)
    member = and_(members.c.uid == uid, members.c.conversation_id == conversations.c.id, IS_SHOWN)
    rows = connection.execute(
        select(
            conversations.c.id,
            conversations.c.last_ordinal,
            reads.c.read_ordinal,
            reads.c.own_since,
            deleted_column(reads.c.uid).label("deleted"),
            select_first_ordinal(conversations.c.id).correlate(conversations).scalar_subquery().label("first"),
        )
        .select_from(reads.join(conversations, mine).outerjoin(members, member))
        .where(
            reads.c.uid == uid,
            conversations.c.last_ordinal > reads.c.read_ordinal,
            or_(conversations.c.kind == "lobby", members.c.uid.is_not(None)),
        )
        .limit(COUNTED)
    ).all()
    count = 0
    for row in rows:
        if row.id not in silent:
            count += count_unread(row.last_ordinal, row.first, row.read_ordinal, row.own_since, row.deleted)
        else:
            count += _mentions(connection, uid, row.id, row.read_ordinal)
    return count + _unread_replies(connection, uid, silent)


def _silent(connection: Connection, uid: str, now: Milliseconds) -> set[int]:
    """The conversations of which nothing notifies the user."""
    rows = find_rows(connection, notify_levels, ("uid",), ("conversation_id", "level", "until"), [(uid,)])
    return {log_id for log_id, level, until in rows if level == "none" and not is_over(until, now)}


def _mentions(connection: Connection, uid: str, log_id: int, read: int) -> int:
    mine = (mentions.c.uid == uid, mentions.c.conversation_id == log_id, mentions.c.ordinal > read)
    to_all = (everyone.c.conversation_id == log_id, everyone.c.ordinal > read, everyone.c.uid != uid)
    return int(
        connection.execute(select(func.count()).select_from(mentions).where(*mine)).scalar_one()
        + connection.execute(select(func.count()).select_from(everyone).where(*to_all)).scalar_one()
    )


def _unread_replies(connection: Connection, uid: str, silent: Collection[int]) -> int:
    """The unread replies in the threads that a user follows; in a silent conversation only those that mention them."""
    unread = threads.c.last_ordinal - thread_marks.c.read_ordinal - thread_marks.c.skipped
    same = and_(threads.c.conversation_id == thread_marks.c.conversation_id, threads.c.root == thread_marks.c.root)
    member = and_(members.c.uid == uid, members.c.conversation_id == thread_marks.c.conversation_id, IS_SHOWN)
    rows = connection.execute(
        select(thread_marks.c.conversation_id, thread_marks.c.root, thread_marks.c.read_ordinal, unread.label("unread"))
        .select_from(
            thread_marks.join(threads, same)
            .join(conversations, conversations.c.id == thread_marks.c.conversation_id)
            .outerjoin(members, member)
        )
        .where(
            thread_marks.c.uid == uid,
            unread > 0,
            or_(conversations.c.kind == "lobby", members.c.uid.is_not(None)),
        )
        .limit(COUNTED)
    ).all()
    count = 0
    for row in rows:
        if row.conversation_id not in silent:
            count += row.unread
            continue
        place = (
            thread_mentions.c.uid == uid,
            thread_mentions.c.conversation_id == row.conversation_id,
            thread_mentions.c.root == row.root,
            thread_mentions.c.thread_ordinal > row.read_ordinal,
        )
        count += connection.execute(select(func.count()).select_from(thread_mentions).where(*place)).scalar_one()
    return count
