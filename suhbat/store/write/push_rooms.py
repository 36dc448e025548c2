"""Rooms in which people want to be told of everything: thousands of them, perhaps.

While messages come, such a room has one row in `push_due_rooms`. When it is due, a row of `push_due` for each of those people
is written, a part in each transaction, because posts wait for it. The row of the room says how far this is; so it goes on after
a restart, and each message is considered once. Messages that come meanwhile begin another row.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from suhbat.chat.model import Milliseconds
from suhbat.store.dialect import AnyRow
from suhbat.store.read.new_messages import GatheredMessage
from suhbat.store.tables import notify_levels, push_due_rooms

PART = 256
"""Rows that a transaction writes, at most: half a millisecond."""
ROOM_COSTS = 64
"""What a room costs more, in rows."""

_WANT_ALL = (
    "FROM notify_levels AS l WHERE l.conversation_id = :log AND l.level = 'all' AND (l.until IS NULL OR l.until > :now) "
    "AND EXISTS (SELECT 1 FROM push_subscriptions AS s WHERE s.uid = l.uid)"
)
_QUEUE = text(
    "INSERT INTO push_due_rooms (conversation_id, first, seq, due_at, expires_at) SELECT :log, :first, :seq, :due, :until "
    f"WHERE EXISTS (SELECT 1 {_WANT_ALL} AND l.uid <> :but) "
    "ON CONFLICT (conversation_id) WHERE reached_uid IS NULL DO UPDATE SET seq = excluded.seq"
)
_SPREAD = (
    "INSERT INTO push_due (uid, conversation_id, subscription_id, first, seq, due_at, expires_at, attempts) "
    f"SELECT l.uid, :log, '', :first, :seq, :due, :until, 0 {_WANT_ALL} AND l.uid > :after{{}} ORDER BY l.uid "
    "ON CONFLICT (uid, conversation_id, subscription_id) DO UPDATE SET "
    "first = CASE WHEN excluded.first < push_due.first THEN excluded.first ELSE push_due.first END, "
    "seq = CASE WHEN excluded.seq > push_due.seq THEN excluded.seq ELSE push_due.seq END"
)
_SPREAD_PART, _SPREAD_REST = text(_SPREAD.format(" AND l.uid <= :upto")), text(_SPREAD.format(""))
_ROOM = push_due_rooms.c
NEXT = select(func.min(_ROOM.due_at))
"""When the next room is due."""
_DUE = (
    select(push_due_rooms)
    .where(_ROOM.due_at <= bindparam("now"))
    .order_by(_ROOM.due_at, _ROOM.first)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LAST_OF_PART = (
    select(notify_levels.c.uid)
    .where(notify_levels.c.conversation_id == bindparam("log"), notify_levels.c.uid > bindparam("after"))
    .order_by(notify_levels.c.uid)
    .offset(bindparam("rows"))
    .limit(1)
)
_THIS = (_ROOM.conversation_id == bindparam("log"), _ROOM.first == bindparam("begin"))
_GO_ON = update(push_due_rooms).where(*_THIS).values(reached_uid=bindparam("last"))
_END = delete(push_due_rooms).where(*_THIS)


def queue(
    connection: Connection,
    messages: Sequence[GatheredMessage],
    due: Milliseconds,
    until: Milliseconds,
    now: Milliseconds,
) -> None:
    """Queue these messages of a room, which ascend, for all who want to be told of everything there, if there is anybody."""
    first, senders = messages[0], {one.sender for one in messages}
    values = {
        "log": first.log_id, "first": first.seq, "seq": messages[-1].seq, "due": due, "now": now, "until": until,
        "but": first.sender if len(senders) == 1 else "",
    }  # fmt: skip
    connection.execute(_QUEUE, values)


def spread(connection: Connection, now: Milliseconds) -> bool:
    """Write the rows of the people in rooms that are due. Returns whether this was enough for one transaction: then there may
    be more."""
    left = PART
    while left > 0:
        room = connection.execute(_DUE, {"now": now}).first()
        if room is None:
            break
        left -= _spread(connection, room, left, now) + ROOM_COSTS
    return left <= PART // 2


def _spread(connection: Connection, room: AnyRow, most: int, now: Milliseconds) -> int:
    """Write at most so many rows of a room, and note how far it is. Returns how many."""
    place = {"log": room.conversation_id, "after": room.reached_uid or ""}
    last = connection.execute(_LAST_OF_PART, place | {"rows": most - 1}).scalar()
    values = place | {"now": now, "first": room.first, "seq": room.seq, "due": room.due_at, "until": room.expires_at}
    this = {"log": room.conversation_id, "begin": room.first}
    if last is None:
        count = connection.execute(_SPREAD_REST, values).rowcount
        connection.execute(_END, this)
    else:
        count = connection.execute(_SPREAD_PART, values | {"upto": last}).rowcount
        connection.execute(_GO_ON, this | {"last": last})
    return count


def free(connection: Connection, now: Milliseconds, after: Milliseconds, until: Milliseconds) -> None:
    """The same as `push_queue.free` for rooms."""
    waiting = (_ROOM.due_at > after, _ROOM.due_at <= until)
    connection.execute(update(push_due_rooms).where(*waiting).values(due_at=now))
