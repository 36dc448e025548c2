"""Rooms in which people want to be told of everything: thousands of them, perhaps.

While messages come, such a room has one row in the queue. It has no uid, so nobody is told because of it, and no claim takes
it. When it is due, a row for each of those people is written, a part in each transaction, because posts wait for it. The row of
the room says how far this is; so it goes on after a restart, and each message is considered once. Messages that come meanwhile
begin another row.

In the row of a room `attempts` is when it is due, and `due_at` NEVER, so that nodes of an older version leave it alone.
`subscription_id` is empty until the first part is written; then it has `seq` and the last uid.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from suhbat.chat.model import Milliseconds
from suhbat.store.read.new_messages import GatheredMessage
from suhbat.store.tables import notify_levels, push_due

PART = 256
"""Rows that a transaction writes, at most: half a millisecond."""
ROOM_COSTS = 64
"""What a room costs more, in rows."""
NEVER: Milliseconds = (1 << 63) - 1

_WANT_ALL = (
    "FROM notify_levels AS l WHERE l.conversation_id = :log AND l.level = 'all' AND (l.until IS NULL OR l.until > :now) "
    "AND EXISTS (SELECT 1 FROM push_subscriptions AS s WHERE s.uid = l.uid)"
)
_INTO = "INSERT INTO push_due (uid, conversation_id, subscription_id, first, seq, due_at, expires_at, attempts) SELECT"
_CONFLICT = "ON CONFLICT (uid, conversation_id, subscription_id) DO UPDATE SET seq ="
_QUEUE = text(
    f"{_INTO} '', :log, '', :first, :seq, {NEVER}, :until, :due "
    f"WHERE EXISTS (SELECT 1 {_WANT_ALL} AND l.uid <> :but) {_CONFLICT} excluded.seq"
)
_SPREAD = (
    f"{_INTO} l.uid, :log, '', :first, :seq, :due, :until, 0 {_WANT_ALL} AND l.uid > :after{{}} ORDER BY l.uid "
    f"{_CONFLICT} CASE WHEN excluded.seq > push_due.seq THEN excluded.seq ELSE push_due.seq END"
)
_SPREAD_PART, _SPREAD_REST = text(_SPREAD.format(" AND l.uid <= :upto")), text(_SPREAD.format(""))
_ROOMS = push_due.c.uid == ""
_NEXT = select(func.min(push_due.c.attempts)).where(_ROOMS)
_DUE = (
    select(
        *(push_due.c[name] for name in ("conversation_id", "subscription_id", "first", "seq", "attempts", "expires_at"))
    )
    .where(_ROOMS, push_due.c.attempts <= bindparam("now"))
    .order_by(push_due.c.attempts, push_due.c.seq)
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
_THIS = (
    _ROOMS,
    push_due.c.conversation_id == bindparam("log"),
    push_due.c.subscription_id == bindparam("place"),
)
_GO_ON = update(push_due).where(*_THIS).values(subscription_id=bindparam("next"))
_END = delete(push_due).where(*_THIS)


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


def next_due(connection: Connection) -> Milliseconds | None:
    """When the next room is due; None without any."""
    found: Milliseconds | None = connection.execute(_NEXT).scalar()
    return found


def spread(connection: Connection, now: Milliseconds) -> bool:
    """Write the rows of the people in rooms that are due. Returns whether this was enough for one transaction: then there may
    be more."""
    left = PART
    while left > 0:
        room = connection.execute(_DUE, {"now": now}).first()
        if room is None:
            break
        left -= _spread(connection, room.conversation_id, room.subscription_id, tuple(room)[2:], left, now) + ROOM_COSTS
    return left <= PART // 2


def _spread(
    connection: Connection,
    log_id: int,
    place: str,
    message: tuple[int, int, Milliseconds, Milliseconds],
    most: int,
    now: Milliseconds,
) -> int:
    """Write at most so many rows of a room, and note how far it is. Returns how many."""
    first, seq, due, until = message
    after = place.partition(" ")[2]
    last = connection.execute(_LAST_OF_PART, {"log": log_id, "after": after, "rows": most - 1}).scalar()
    values = {"log": log_id, "after": after, "now": now, "first": first, "seq": seq, "due": due, "until": until}
    this = {"log": log_id, "place": place}
    if last is None:
        count = connection.execute(_SPREAD_REST, values).rowcount
        connection.execute(_END, this)
    else:
        count = connection.execute(_SPREAD_PART, values | {"upto": last}).rowcount
        connection.execute(_GO_ON, this | {"next": f"{seq} {last}"})
    return count


def free(connection: Connection, now: Milliseconds, after: Milliseconds, until: Milliseconds) -> None:
    """The same as `push_queue.free` for rooms."""
    waiting = (_ROOMS, push_due.c.attempts > after, push_due.c.attempts <= until)
    connection.execute(update(push_due).where(*waiting).values(attempts=now))
