"""How many messages are unread: others', above the read mark, that are there and not deleted.

Ordinals are dense, so what lies above a mark is a difference; one's own are counted at the mark. Only what was deleted is
looked at, in an index that has nothing else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, bindparam, func, select

from suhbat.store.tables import conversations, events, reads

DELETED = 5_000
"""Deleted messages above a mark that are looked at; of more, the rest count as unread."""


def ordinal_at(connection: Connection, log_id: int, seq: int) -> int:
    """The ordinal of the last message whose `seq` is at most this; 0 if there is none."""
    return (
        connection.execute(
            select(events.c.ordinal)
            .where(events.c.conversation_id == log_id, events.c.seq <= seq, events.c.ordinal.is_not(None))
            .order_by(events.c.seq.desc())
            .limit(1)
        ).scalar()
        or 0
    )


def unread(last: int, first: int | None, read: int, own: int, gone: int) -> int:
    """`last`: the last ordinal; `first`: that of the first message that is kept, None where none is; `own`: the reader's
    above the mark; `gone`: others' above it that are deleted."""
    kept = 0 if first is None else last + 1 - first
    return max(0, min(last - read - own - gone, kept))


def deleted(connection: Connection, log_id: int, uid: str, above: int, last: int) -> int:
    """How many messages of others above this ordinal, up to `last`, are deleted; DELETED at the most."""
    few = _deleted(log_id, uid, above).where(events.c.ordinal <= last).limit(DELETED).subquery()
    return connection.execute(select(func.count()).select_from(few)).scalar_one()


def count_deleted() -> ScalarSelect[int]:
    """The same, all that there are, for a query that has the conversations, the marks and `uid`."""
    few = _deleted(conversations.c.id, bindparam("uid"), reads.c.read_ordinal).limit(DELETED)
    return select(func.count()).select_from(few.correlate(conversations, reads).subquery()).scalar_subquery()


def first(connection: Connection, log_id: int) -> int | None:
    """The ordinal of the first message that is kept; None where none is."""
    return connection.execute(select_first_ordinal(log_id)).scalar()


def select_first_ordinal(log_id: Any) -> Select[int]:
    return select(func.min(events.c.ordinal)).where(events.c.conversation_id == log_id, events.c.ordinal.is_not(None))


def _deleted(log_id: Any, uid: Any, above: Any) -> Select[int]:
    return select(events.c.ordinal).where(
        events.c.conversation_id == log_id, events.c.deleted, events.c.ordinal > above, events.c.actor_uid != uid
    )
