"""Threads as users see them: the summary at a root, a page of replies, and the threads that a user follows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, select, tuple_

from suhbat.chat.model import Actor, FollowedThread, HistoryPage, ThreadPage
from suhbat.chat.threads import thread_refusal
from suhbat.errors import NotFound
from suhbat.protocol.objects import Thread
from suhbat.protocol.types import MAX_PAGE
from suhbat.store.dialect import select_for
from suhbat.store.tables import (
    IS_MESSAGE,
    conversations,
    events,
    members,
    thread_marks,
    thread_mentions,
    threads,
)

from .few_logs import WANTED
from .floor import LobbyHistory, any_floor, floor_of, visible
from .members import names_of_members
from .messages import MESSAGE, messages, thread_of
from .several_logs import IS_LISTED, cursor_after, membership, messages_of, position_of

_SAME = and_(threads.c.conversation_id == thread_marks.c.conversation_id, threads.c.root == thread_marks.c.root)
_UNREAD = threads.c.last_ordinal - thread_marks.c.read_ordinal - thread_marks.c.skipped


def _columns(*outer: FromClause) -> tuple[ColumnElement[Any], ...]:
    """The arguments of `_thread`, for a query of these tables."""
    mentions = (
        select(func.count())
        .select_from(thread_mentions)
        .where(
            thread_mentions.c.uid == thread_marks.c.uid,
            thread_mentions.c.conversation_id == thread_marks.c.conversation_id,
            thread_mentions.c.root == thread_marks.c.root,
            thread_mentions.c.thread_ordinal > thread_marks.c.read_ordinal,
        )
        .correlate(thread_marks, *outer)
        .scalar_subquery()
    )
    return (
        thread_marks.c.root, threads.c.replies, threads.c.last_ordinal, thread_marks.c.read_ordinal,
        thread_marks.c.skipped, mentions.label("mentions"),
    )  # fmt: skip


_FOLLOWED = select(WANTED.c.uid, thread_marks.c.conversation_id, *_columns(WANTED)).select_from(
    WANTED.outerjoin(thread_marks, thread_marks.c.uid == WANTED.c.uid).outerjoin(threads, _SAME)
)


def _thread(root: int, replies: int, last: int, read: int, skipped: int, mentions: int) -> Thread:
    return Thread(
        root=root,
        count=replies,
        thread_ordinal=last,
        read_ordinal=read,
        unread=max(0, last - read - skipped),
        mentions=mentions,
    )


def followed(connection: Connection, uids: Collection[str]) -> dict[str, dict[int, tuple[Thread, ...]]]:
    """The threads that these users follow, by uid and log id, in the order of their roots."""
    found: dict[str, dict[int, tuple[Thread, ...]]] = {}
    rows = select_for(connection, _FOLLOWED, WANTED, [(uid,) for uid in sorted(uids)])
    for uid, log_id, *fields in sorted(row for row in rows if row[0] is not None and None not in row[1:4]):
        mine = found.setdefault(uid, {})
        mine[log_id] = (*mine.get(log_id, ()), _thread(*fields))
    return found


def page(
    connection: Connection,
    actor: Actor,
    lobby_history: LobbyHistory,
    *,
    unread: bool,
    cursor: str | None,
    limit: int,
) -> ThreadPage:
    """See `chat.ports.ConversationReader.threads`."""
    key = (threads.c.last_at, threads.c.conversation_id, threads.c.root)
    wanted = (
        select(*_columns(), *key[:2], conversations.c.name)
        .select_from(
            thread_marks.join(threads, _SAME)
            .join(conversations, conversations.c.id == thread_marks.c.conversation_id)
            .outerjoin(members, membership(actor, thread_marks.c.conversation_id))
        )
        .where(
            thread_marks.c.uid == actor.uid,
            IS_LISTED,
            thread_marks.c.root > any_floor(actor, lobby_history),
        )
        .order_by(*(column.desc() for column in key))
        .limit(limit + 1)
    )
    if unread:
        wanted = wanted.where(_UNREAD > 0)
    if cursor is not None:
        wanted = wanted.where(tuple_(*key) < tuple_(*position_of(cursor)))
    rows = connection.execute(wanted).all()
    shown = rows[:limit]
    roots = messages_of(connection, actor, [(row.conversation_id, row.name, row.root) for row in shown])
    found = tuple(
        FollowedThread(row.name, _thread(*row[:6]), roots[row.conversation_id, row.root])
        for row in shown
        if (row.conversation_id, row.root) in roots
    )
    last = shown[-1] if len(rows) > limit else None
    return ThreadPage(found, None if last is None else cursor_after((last.last_at, last.conversation_id, last.root)))


def replies_page(
    connection: Connection,
    actor: Actor,
    conversation: str,
    lobby_history: LobbyHistory,
    root: int,
    *,
    before: int | None,
    after: int | None,
    around: int | None,
    around_ordinal: int | None,
    limit: int,
) -> HistoryPage:
    """A page of one thread, as `history.page` gives one of the conversation; `around_ordinal` is that of a reply. Raises
    NotFound, BadRequest."""
    log = visible(connection, actor, conversation, "read")
    condition = (events.c.conversation_id == log.id, events.c.seq == root, IS_MESSAGE)
    row = connection.execute(select(*MESSAGE).where(*condition)).one_or_none()
    above = floor_of(actor, log, lobby_history)
    refusal = thread_refusal(
        is_direct_of_two=log.kind == "direct" and len(names_of_members(connection, [log.id]).get(log.id, ())) <= 2,
        exists=row is not None and (thread_of(row) or root) > above,
        is_reply=row is not None and thread_of(row) is not None,
    )
    if row is None or refusal is not None:
        raise refusal or NotFound("not_found.message")
    (shown_root,) = messages(connection, log.id, log.name, [row], actor.uid)
    place = (threads.c.conversation_id == log.id, threads.c.root == root)
    last: int = connection.execute(select(threads.c.last_ordinal).where(*place)).scalar() or 0
    limit = min(max(limit, 1), MAX_PAGE)
    end = last
    if before is not None:
        end = _ordinal_at(connection, log.id, root, before - 1, last)
    start = max(end - limit + 1, 1)
    if after is not None:
        start = _ordinal_at(connection, log.id, root, after, last) + 1
        end = min(start + limit - 1, last)
    elif around is not None or around_ordinal is not None:
        middle = around_ordinal or _ordinal_at(connection, log.id, root, around or 0, last)
        start = max(min(middle - limit // 2, last - limit + 1), 1)
        end = min(start + limit - 1, last)
    rows = connection.execute(
        select(*MESSAGE)
        .where(
            events.c.conversation_id == log.id,
            events.c.thread == root,
            events.c.thread_ordinal.between(start, end),
        )
        .order_by(events.c.thread_ordinal)
    ).all()
    found = tuple(messages(connection, log.id, log.name, rows, actor.uid))
    return HistoryPage(found, start > 1, end < last, log.head, shown_root)


def _ordinal_at(connection: Connection, log_id: int, root: int, seq: int, last: int) -> int:
    """The ordinal of the last reply at `seq` or below it; 0 if there is none. A binary search, because ordinals ascend with
    `seq`."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        one = select(events.c.seq).where(
            events.c.conversation_id == log_id, events.c.thread == root, events.c.thread_ordinal == middle
        )
        if connection.execute(one).scalar_one() <= seq:
            low = middle
        else:
            high = middle - 1
    return low
