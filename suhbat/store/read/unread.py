"""Unread counts: messages of others above the read mark that are stored and not deleted.

Ordinals are dense, so the number of messages above a mark is a difference; the mark counts the user's own. Only deleted
messages are looked up, in an index that holds nothing else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, ScalarSelect, Select, func, select

from suhbat.store.tables import IS_DELETED, conversations, events, reads

DELETED = 5_000
"""How many deleted messages above a mark are looked up, at most. Further ones count as unread."""


def ordinal_at(connection: Connection, log_id: int, seq: int) -> int:
    """The ordinal of the last message at `seq` or below it; 0 if there is none."""
    return (
        connection.execute(
            select(events.c.ordinal)
            .where(events.c.conversation_id == log_id, events.c.seq <= seq, events.c.ordinal.is_not(None))
            .order_by(events.c.seq.desc())
            .limit(1)
        ).scalar()
        or 0
    )


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
