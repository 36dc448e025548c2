"""Retention: deletes expired events from the beginning of each log, in small transactions."""

from __future__ import annotations

from itertools import takewhile

from sqlalchemy import Connection, and_, bindparam, case, delete, select, update

from suhbat.chat.model import Actor, Milliseconds
from suhbat.store import search
from suhbat.store.read.messages import thread_of
from suhbat.store.read.summaries import names_of
from suhbat.store.tables import (
    conversations,
    events,
    everyone,
    mentions,
    named,
    pins,
    reaction_counts,
    reactions,
    saved,
    thread_marks,
    thread_mentions,
    threads,
)

from . import files, growing
from .thread_followers import cease
from .transaction import WriterTransaction

CHUNK = 500
"""Events deleted per transaction: it should take no longer than a batch of messages."""
DAY: Milliseconds = 24 * 3600 * 1000
OWN_DAYS = 90
"""Days for which events of own logs (read marks, drafts) are kept. A client that was away for longer is reset."""


_KEPT = case(
    (conversations.c.kind == "erased", -1),
    (conversations.c.kind == "own", OWN_DAYS),
    (conversations.c.retention > 0, conversations.c.retention),
    else_=bindparam("days"),
)
"""Days for which the events of a log are kept: its own `retention`, or that of the server. 0: for ever; -1: not at all."""


def due(connection: Connection, at: Milliseconds, days: int, limit: int = 100) -> list[int]:
    """The ids of logs whose first event has expired."""
    first = and_(events.c.conversation_id == conversations.c.id, events.c.seq == conversations.c.oldest + 1)
    return list(
        connection.execute(
            select(conversations.c.id)
            .outerjoin(events, first)
            .where((_KEPT < 0) | (and_(_KEPT > 0, events.c.at < bindparam("at") - _KEPT * DAY)))
            .limit(limit),
            {"days": days, "at": at},
        ).scalars()
    )


def expire(transaction: WriterTransaction, log_id: int, at: Milliseconds, days: int) -> str | None:
    """Delete up to CHUNK expired events from the beginning of a log. Returns its name, or None if nothing was left to delete.

    `oldest` stores where the log begins now: the next call continues there, and a cursor below it is answered with a reset. A
    thread ends with its root, and those who follow it are told.
    """
    connection = transaction.connection
    log = connection.execute(
        select(conversations.c.name, conversations.c.oldest, _KEPT.label("kept"))
        .where(conversations.c.id == log_id)
        .with_for_update(key_share=True),
        {"days": days},
    ).one_or_none()
    if log is None or not log.kept:
        return None
    rows = connection.execute(
        select(
            events.c.seq,
            events.c.type,
            events.c.at,
            events.c.ordinal,
            events.c.actor_uid,
            events.c.text,
            events.c.data,
            events.c.thread,
            events.c.thread_ordinal,
        )
        .where(events.c.conversation_id == log_id, events.c.seq > log.oldest)
        .order_by(events.c.seq)
        .limit(CHUNK)
    ).all()
    expired = list(takewhile(lambda row: log.kept < 0 or row.at < at - log.kept * DAY, rows))
    if not expired:
        if log.kept < 0:
            connection.execute(delete(conversations).where(conversations.c.id == log_id))
        return None
    last = expired[-1].seq
    if _end_threads(transaction, log_id, log.name, last, at):
        return str(log.name)  # there are more, and the next call comes to them
    ordinal = max((row.ordinal for row in expired if row.ordinal is not None), default=0)
    connection.execute(delete(events).where(events.c.conversation_id == log_id, events.c.seq <= last))
    files.drop_up_to(connection, log_id, last, at)
    growing.forget_up_to(connection, log_id, last)
    search.forget(
        connection,
        (
            (log_id, row.seq, row.actor_uid, search.searchable(row.text, row.data), thread_of(row))
            for row in expired
            if row.type == "message.created"
        ),
    )
    for table in (reactions, reaction_counts, pins):
        connection.execute(delete(table).where(table.c.conversation_id == log_id, table.c.target <= last))
    for table in (named, saved):
        connection.execute(delete(table).where(table.c.conversation_id == log_id, table.c.seq <= last))
    for table in (mentions, everyone):
        connection.execute(delete(table).where(table.c.conversation_id == log_id, table.c.ordinal <= ordinal))
    for table in (threads, thread_mentions):
        connection.execute(delete(table).where(table.c.conversation_id == log_id, table.c.root <= last))
    connection.execute(update(conversations).where(conversations.c.id == log_id).values(oldest=last))
    return str(log.name)


def _end_threads(transaction: WriterTransaction, log_id: int, name: str, last: int, at: Milliseconds) -> bool:
    """Up to CHUNK users no longer follow threads whose root is at `last` or below it. True if there may be more of them."""
    connection = transaction.connection
    followers = connection.execute(
        select(thread_marks.c.root, thread_marks.c.uid)
        .where(thread_marks.c.conversation_id == log_id, thread_marks.c.root <= last)
        .order_by(thread_marks.c.root, thread_marks.c.uid)
        .limit(CHUNK)
    ).all()
    names = names_of(connection, {row.uid for row in followers})
    for root, uid in followers:
        cease(transaction, name, log_id, root, [uid], Actor(uid, names.get(uid, "")), at)
    return len(followers) == CHUNK
