"""What nodes of the version before do with rooms that wait for pushes, as rows of `push_due` without a user. A copy of their
statements, for tests of rolling updates; see `suhbat.store.write.older_push_rooms`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, text

from suhbat.store.write import push_rooms

_WANT_ALL = (
    "FROM notify_levels AS l WHERE l.conversation_id = :log AND l.level = 'all' AND (l.until IS NULL OR l.until > :now) "
    "AND EXISTS (SELECT 1 FROM push_subscriptions AS s WHERE s.uid = l.uid)"
)
_INTO = "INSERT INTO push_due (uid, conversation_id, subscription_id, first, seq, due_at, expires_at, attempts) SELECT"
_CONFLICT = "ON CONFLICT (uid, conversation_id, subscription_id) DO UPDATE SET seq ="
_QUEUE = text(
    f"{_INTO} '', :log, '', :first, :seq, 9223372036854775807, :until, :due "
    f"WHERE EXISTS (SELECT 1 {_WANT_ALL}) {_CONFLICT} excluded.seq"
)
_DUE = (
    "SELECT conversation_id, subscription_id, first, seq, attempts, expires_at FROM push_due "
    "WHERE uid = '' AND attempts <= :now ORDER BY attempts, seq LIMIT 1"
)
_LAST = text("SELECT uid FROM notify_levels WHERE conversation_id = :log AND uid > :after ORDER BY uid LIMIT 1")
_SPREAD = (
    f"{_INTO} l.uid, :log, '', :first, :seq, :due, :until, 0 {_WANT_ALL} AND l.uid > :after AND l.uid <= :upto "
    f"ORDER BY l.uid {_CONFLICT} CASE WHEN excluded.seq > push_due.seq THEN excluded.seq ELSE push_due.seq END"
)
_THIS = "uid = '' AND conversation_id = :log AND subscription_id = :place"


@contextmanager
def older_node() -> Iterator[None]:
    """Inside, this process is a node of the older version, which writes one row in each part."""
    with patch.object(push_rooms, "queue", queue), patch.object(push_rooms, "spread", spread):
        yield


def queue(connection: Connection, messages: Any, due: int, until: int, now: int) -> None:
    first, last = messages[0], messages[-1]
    values = {"log": first.log_id, "first": first.seq, "seq": last.seq, "due": due, "now": now, "until": until}
    connection.execute(_QUEUE, values)


def spread(connection: Connection, now: int) -> bool:
    locked = " FOR UPDATE SKIP LOCKED" if connection.dialect.name == "postgresql" else ""
    room = connection.execute(text(_DUE + locked), {"now": now}).first()
    if room is None:
        return False
    log_id, place, first, seq, due, until = room
    this = {"log": log_id, "place": place}
    values = {"log": log_id, "after": place.partition(" ")[2]}
    last = connection.execute(_LAST, values).scalar()
    if last is None:
        connection.execute(text(f"DELETE FROM push_due WHERE {_THIS}"), this)
    else:
        times = {"now": now, "first": first, "seq": seq, "due": due, "until": until, "upto": last}
        connection.execute(text(_SPREAD), values | times)
        moved = text(f"UPDATE push_due SET subscription_id = :next WHERE {_THIS}")
        connection.execute(moved, this | {"next": f"{seq} {last}"})
    return True
