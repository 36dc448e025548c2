"""Unread counts: messages of others above the read mark that are stored and not deleted.

Ordinals are dense, so the number of messages above a mark is a difference; the mark counts the user's own. Only deleted
messages are looked up, in an index that holds nothing else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, ScalarSelect, Select, func, select

from suhbat.store.tables import IS_DELETED, conversations, events, reads

NEAR = 256
"""Events that are searched one by one for the message next to a `seq`. Nearly always it is among them."""
DELETED = 5_000
"""How many deleted messages above a mark are looked up, at most. Further ones count as unread."""


def ordinal_at(connection: Connection, log_id: int, seq: int) -> int:
    """The ordinal of the last message at `seq` or below it, without replies in threads; 0 if there is none."""
    near = connection.execute(
        select(events.c.ordinal)
        .where(events.c.conversation_id == log_id, events.c.seq.between(seq - NEAR, seq), events.c.ordinal.is_not(None))
        .order_by(events.c.seq.desc())
        .limit(1)
    ).scalar()
    return _far_ordinal_at(connection, log_id, seq) if near is None else near


def next_ordinal(connection: Connection, log_id: int, seq: int) -> int:
    """The ordinal of the first message at `seq` or above it; one above the last ordinal if there is none."""
    near = connection.execute(
        select(events.c.ordinal)
        .where(events.c.conversation_id == log_id, events.c.seq.between(seq, seq + NEAR), events.c.ordinal.is_not(None))
        .order_by(events.c.seq)
        .limit(1)
    ).scalar()
    return ordinal_at(connection, log_id, seq - 1) + 1 if near is None else near


def _far_ordinal_at(connection: Connection, log_id: int, seq: int) -> int:
    """The same as `ordinal_at` if other events are around `seq`, for example thousands of replies: a binary search, because
    ordinals are dense and ascend with `seq`."""
    first = first_ordinal(connection, log_id)
    if first is None:
        return 0
    last = select(func.max(events.c.ordinal)).where(events.c.conversation_id == log_id, events.c.ordinal.is_not(None))
    low, high = first - 1, connection.execute(last).scalar_one()
    while low < high:
        middle = (low + high + 1) // 2
        one = select(events.c.seq).where(events.c.conversation_id == log_id, events.c.ordinal == middle)
        if connection.execute(one).scalar_one() <= seq:
            low = middle
        else:
            high = middle - 1
    return low if low >= first else 0


def count_unread(last: int, first: int | None, read: int, own: int, deleted: int) -> int:
    """How many messages are unread. `last`: the last ordinal; `first`: that of the first stored message, None without any;
    `read`: the read mark; `own`: the user's messages above it; `deleted`: deleted messages of others above it."""
    kept = 0 if first is None else last + 1 - first
    return max(0, min(last - read - own - deleted, kept))


def count_deleted(connection: Connection, log_id: int, uid: str, above: int, last: int) -> int:
    """How many messages of others above this ordinal, up to `last`, are deleted; at most DELETED."""
    few = _deleted(log_id, uid, above).where(events.c.ordinal <= last).limit(DELETED).subquery()
    return connection.execute(select(func.count()).select_from(few)).scalar_one()


def deleted_column(uid: ColumnElement[str], *outer: FromClause) -> ScalarSelect[int]:
    """The same above the read mark, as a column of a query of `conversations`, `reads` and these other tables."""
    # Without the upper bound SQLite prefers the index of all messages.
    few = _deleted(conversations.c.id, uid, reads.c.read_ordinal).where(
        events.c.ordinal <= conversations.c.last_ordinal
    )
    few = few.limit(DELETED).correlate(conversations, reads, *outer)
    return select(func.count()).select_from(few.subquery()).scalar_subquery()


def first_ordinal(connection: Connection, log_id: int) -> int | None:
    """The ordinal of the first stored message; None without any."""
    return connection.execute(select_first_ordinal(log_id)).scalar()


def select_first_ordinal(log_id: Any) -> Select[int]:
    return select(func.min(events.c.ordinal)).where(events.c.conversation_id == log_id, events.c.ordinal.is_not(None))


def _deleted(log_id: Any, uid: Any, above: Any) -> Select[int]:
    return select(events.c.ordinal).where(
        events.c.conversation_id == log_id, IS_DELETED, events.c.ordinal > above, events.c.actor_uid != uid
    )
