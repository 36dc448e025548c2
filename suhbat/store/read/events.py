"""Reading the events of a log, and the heads of logs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, select

from suhbat.protocol.events import LoggedEvent
from suhbat.store.dialect import find_rows
from suhbat.store.tables import conversations, events

from .rows import EVENT_ROW, entries

_EVENTS = (
    select(*EVENT_ROW)
    .where(
        events.c.conversation_id
        == select(conversations.c.id).where(conversations.c.name == bindparam("log")).scalar_subquery(),
        events.c.seq > bindparam("after"),
    )
    .order_by(events.c.seq)
    .limit(bindparam("count"))
)

_HEADS = select(conversations.c.name, conversations.c.head)


def event_page(connection: Connection, log: str, after: int, limit: int) -> list[LoggedEvent]:
    """See `chat.ports.Store.events`."""
    rows = connection.execute(_EVENTS, {"log": log, "after": after, "count": limit})
    return entries(connection, log, rows.all())


def log_heads(connection: Connection, logs: Collection[str] | None) -> Mapping[str, int]:
    """See `chat.ports.Store.heads`. None: the heads of all logs."""
    if logs is None:
        return {row[0]: row[1] for row in connection.execute(_HEADS)}
    heads = dict.fromkeys(logs, 0)
    heads.update(find_rows(connection, conversations, ("name",), ("name", "head"), [(name,) for name in heads]))
    return heads
