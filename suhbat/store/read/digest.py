"""What somebody missed: unread messages in directs, and unread ones that mention them. Asked when the mail about them
is sent, so that nothing is in it that was read or deleted meanwhile, or that they may not read any more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from suhbat.chat.conversations import direct_title
from suhbat.chat.model import Account, Milliseconds, MissedMessage, MissedPlace
from suhbat.chat.notify import level_at
from suhbat.protocol.objects import Notify
from suhbat.store.dialect import AnyRow, find_rows
from suhbat.store.tables import (
    IS_MESSAGE,
    IS_SHOWN,
    accounts,
    conversations,
    events,
    everyone,
    members,
    mentions,
    notify_levels,
    reads,
    thread_marks,
    thread_mentions,
)

from .floor import LobbyHistory, floor_of
from .members import names_of_members
from .moderation import server_bans

MOST_PLACES = 100
"""Conversations that are looked at, those with the newest messages first."""
MOST_MESSAGES = 20
"""Messages of a conversation that are counted."""

_MESSAGE = (
    events.c.seq, events.c.at, events.c.actor, events.c.actor_uid, events.c.text, events.c.data, events.c.thread,
    events.c.thread_ordinal,
)  # fmt: skip


def missed(
    connection: Connection, account: Account, since: Milliseconds, now: Milliseconds, lobby_history: LobbyHistory
) -> list[MissedPlace]:
    """See `chat.ports.MailStore.missed`."""
    uid = account.uid
    bans = server_bans(connection)
    if uid in bans and ((until := bans[uid]) is None or until > now):
        return []
    levels = {
        log_id: Notify(level=level, until=until)
        for log_id, level, until in find_rows(
            connection, notify_levels, ("uid",), ("conversation_id", "level", "until"), [(uid,)]
        )
    }
    found: list[MissedPlace] = []
    for log in _unread_logs(connection, uid):
        level = level_at(log.kind, levels.get(log.id), now)
        if level == "none":
            continue
        which = [_mentioning(uid, log.id, log.read_ordinal or 0), _replies_mentioning(uid, log.id)]
        if log.kind == "direct" and level == "all":
            which.append(events.c.ordinal > (log.read_ordinal or 0))
        rows = _messages(connection, uid, log.id, or_(*which), since, floor_of(account.actor, log, lobby_history))
        if rows:
            found.append(_place(connection, uid, log, rows))
    return sorted(found, key=lambda place: -place.messages[-1].at)


def _unread_logs(connection: Connection, uid: str) -> Sequence[AnyRow]:
    """The conversations of the user with unread messages, or with replies that mention them."""
    mine = and_(reads.c.uid == uid, reads.c.conversation_id == conversations.c.id)
    member = and_(members.c.uid == uid, members.c.conversation_id == conversations.c.id, IS_SHOWN)
    named = select(thread_mentions.c.conversation_id).where(thread_mentions.c.uid == uid)
    columns = [conversations.c[name] for name in ("id", "name", "kind", "title", "head", "history")]
    return connection.execute(
        select(*columns, members.c.since, reads.c.read_ordinal)
        .select_from(reads.join(conversations, mine).outerjoin(members, member))
        .where(
            reads.c.uid == uid,
            or_(conversations.c.last_ordinal > reads.c.read_ordinal, conversations.c.id.in_(named)),
            or_(conversations.c.kind == "lobby", members.c.uid.is_not(None)),
        )
        .order_by(conversations.c.id.desc())
        .limit(MOST_PLACES)
    ).all()


def _mentioning(uid: str, log_id: int, read: int) -> ColumnElement[bool]:
    own = select(mentions.c.ordinal).where(
        mentions.c.uid == uid, mentions.c.conversation_id == log_id, mentions.c.ordinal > read
    )
    to_all = select(everyone.c.ordinal).where(everyone.c.conversation_id == log_id, everyone.c.ordinal > read)
    return events.c.ordinal.in_(own.union_all(to_all))


def _replies_mentioning(uid: str, log_id: int) -> ColumnElement[bool]:
    """The replies that mention the user, above their mark in the thread."""
    mark = and_(
        thread_marks.c.uid == uid,
        thread_marks.c.conversation_id == thread_mentions.c.conversation_id,
        thread_marks.c.root == thread_mentions.c.root,
    )
    unread = (
        select(thread_mentions.c.uid)
        .select_from(thread_mentions.outerjoin(thread_marks, mark))
        .where(
            thread_mentions.c.uid == uid,
            thread_mentions.c.conversation_id == log_id,
            thread_mentions.c.root == events.c.thread,
            thread_mentions.c.thread_ordinal == events.c.thread_ordinal,
            or_(thread_marks.c.read_ordinal.is_(None), thread_marks.c.read_ordinal < thread_mentions.c.thread_ordinal),
        )
    )
    return and_(events.c.thread_ordinal.is_not(None), unread.exists())


def _messages(
    connection: Connection, uid: str, log_id: int, which: ColumnElement[bool], since: Milliseconds, floor: int
) -> list[AnyRow]:
    """The newest of these messages, the oldest first."""
    rows = connection.execute(
        select(*_MESSAGE)
        .where(
            events.c.conversation_id == log_id,
            events.c.seq > floor,
            events.c.at > since,
            IS_MESSAGE,
            events.c.deleted.is_(False),
            events.c.actor_uid != uid,
            which,
        )
        .order_by(events.c.seq.desc())
        .limit(MOST_MESSAGES)
    )
    return [row for row in reversed(rows.all()) if row.thread_ordinal is None or row.thread > floor]


def _place(connection: Connection, uid: str, log: Any, rows: Sequence[AnyRow]) -> MissedPlace:
    shown: dict[str, str] = dict(
        find_rows(connection, accounts, ("uid",), ("uid", "display_name"), sorted({(row.actor_uid,) for row in rows}))
    )
    title = log.title
    if log.kind == "direct":
        people = names_of_members(connection, [log.id]).get(log.id, {})
        title = direct_title(people, uid) if len(people) > 2 else ""
    return MissedPlace(
        conversation=log.name,
        title=title,
        messages=tuple(
            MissedMessage(
                seq=row.seq,
                at=row.at,
                sender=shown.get(row.actor_uid) or row.actor,
                text=row.text or "",
                files=0 if row.data is None else len(json.loads(row.data).get("files", ())),
            )
            for row in rows
        ),
    )
