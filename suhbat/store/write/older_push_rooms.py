"""Rooms that wait, as nodes of the version before this one write them: rows of `push_due` without a user.

In a rolling update such a node may write one at any time, and go on with one that is there. It knows nothing of
`push_due_rooms`. So nodes of this version adopt these rows: they move them into that table, in one transaction, before they
gather or claim anything. Whoever goes on with a row has it locked, so nothing is lost and nobody is told twice. An older node
that misses its row begins another one for the messages that follow. A row that it has locked is not waited for: the next look
finds what is left of it.

Without such rows this costs nothing: `ARE_THERE` is a part of the statement that looks what is due. With SQLite there are no
nodes of other versions, and the migration has moved all rows. When nodes of that version are no longer supported, another
migration moves what is left in PostgreSQL, and this module can go.

In such a row `attempts` is when it is due, and `due_at` NEVER. `subscription_id` is empty until the first part of its people is
written; then it has `seq`, a space, and the last uid.
"""

from __future__ import annotations

from sqlalchemy import Connection, exists, select, text

from suhbat.chat.model import Milliseconds
from suhbat.store.dialect import delete_rows, insert_rows
from suhbat.store.tables import push_due, push_due_rooms

ADOPTED = 128
"""Rows of one transaction, at most; the next look finds the rest."""
NEVER: Milliseconds = (1 << 63) - 1

_KEYS = ("uid", "conversation_id", "subscription_id")
_OLDER = push_due.c.uid == ""
ARE_THERE = exists().where(_OLDER)
_ROWS = (
    select(
        *(push_due.c[name] for name in ("conversation_id", "first", "seq", "attempts", "expires_at", "subscription_id"))
    )
    .where(_OLDER)
    .order_by(push_due.c.conversation_id)  # the order in which `push_recipients.gather` locks rooms
    .limit(ADOPTED)
    .with_for_update(skip_locked=True)
)
_CHANGES = ", ".join(
    f"{name} = CASE WHEN excluded.{name} {than} push_due_rooms.{name} THEN excluded.{name} ELSE push_due_rooms.{name} END"
    for name, than in (("first", "<"), ("seq", ">"), ("due_at", "<"), ("expires_at", ">"))
)
_JOIN = text(
    "INSERT INTO push_due_rooms (conversation_id, first, seq, due_at, expires_at) "  # noqa: S608 (constants)
    "VALUES (:log, :first, :seq, :due, :until) "
    f"ON CONFLICT (conversation_id) WHERE reached_uid IS NULL DO UPDATE SET {_CHANGES}"
)


def adopt(connection: Connection) -> None:
    """Move rows of the older form. One for which nobody has a row yet is joined with that of the messages that nodes of this
    version gathered in the room."""
    rows = connection.execute(_ROWS).all()
    for log_id, first, seq, due_at, until, place in rows:
        if not place:
            values = {"log": log_id, "first": first, "seq": seq, "due": due_at, "until": until}
            connection.execute(_JOIN, values)
    begun = [(*one[:-1], one.subscription_id.partition(" ")[2]) for one in rows if one.subscription_id]
    insert_rows(connection, push_due_rooms, begun)
    delete_rows(connection, push_due, _KEYS, [("", one.conversation_id, one.subscription_id) for one in rows])
