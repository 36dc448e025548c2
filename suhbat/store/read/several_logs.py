"""Lists whose rows are of several logs: the messages of a page, and where the next page begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_

from suhbat.chat.model import Actor
from suhbat.errors import BadRequest
from suhbat.protocol.objects import Message
from suhbat.store.dialect import find_rows
from suhbat.store.tables import IS_SHOWN, conversations, events, members

from .messages import MESSAGE, messages

MessageKey = tuple[int, int]
"""A log id and the `seq` of a message."""
Position = tuple[int, int, int]
"""A time, a log id and a `seq`: what the rows of such a list are sorted by."""

IS_LISTED: ColumnElement[bool] = or_(
    conversations.c.kind == "lobby", and_(conversations.c.kind.in_(("direct", "room")), IS_SHOWN)
)
"""Whether a user has the conversation in their list, for a query that outer-joins their row of `members`."""


def membership(actor: Actor, log_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition for that join. `log_id`: a column."""
    return and_(members.c.conversation_id == log_id, members.c.uid == actor.uid)


def position_of(cursor: str) -> Position:
    """The position in the cursor of a page. Raises BadRequest for a text that is none."""
    parts = cursor.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 17 for part in parts):
        raise BadRequest(reason='"cursor" is not of a page of this list')
    at, log_id, seq = map(int, parts)
    return at, log_id, seq


def cursor_after(position: Position) -> str:
    """The cursor of the page that begins after this position."""
    return "-".join(map(str, position))


def messages_of(
    connection: Connection, actor: Actor, wanted: Iterable[tuple[int, str, int]]
) -> dict[MessageKey, Message]:
    """These messages (log id, conversation, `seq`) as the actor sees them. Whether they may is not asked."""
    names: dict[int, str] = {}
    keys: list[MessageKey] = []
    for log_id, name, seq in wanted:
        names[log_id] = name
        keys.append((log_id, seq))
    columns = ("conversation_id", *(column.name for column in MESSAGE))
    rows: dict[int, list[Sequence[Any]]] = {}
    for log_id, *row in find_rows(connection, events, ("conversation_id", "seq"), columns, keys):
        rows.setdefault(log_id, []).append(row)
    return {
        (log_id, message.seq): message
        for log_id, found in rows.items()
        for message in messages(connection, log_id, names[log_id], found, actor.uid)
    }
