"""How far each account has received its directs in the simple dialect, which has no cursors of its own."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from suhbat.store.tables import conversations, delivered


def shown(connection: Connection, uid: str) -> dict[str, int]:
    """The `seq` by conversation."""
    rows = connection.execute(
        select(conversations.c.name, delivered.c.seq)
        .join(conversations, conversations.c.id == delivered.c.conversation_id)
        .where(delivered.c.uid == uid)
    )
    return {row.name: row.seq for row in rows}


def move(connection: Connection, uid: str, cursors: Mapping[str, int]) -> None:
    """Move cursors forward, never back. Conversations that no longer exist are skipped."""
    stored = shown(connection, uid)
    names = [name for name, seq in cursors.items() if seq > stored.get(name, 0)]
    rows = connection.execute(
        select(conversations.c.id, conversations.c.name).where(conversations.c.name.in_(names))
    ).all()
    ids = [row.id for row in rows]
    connection.execute(delete(delivered).where(delivered.c.uid == uid, delivered.c.conversation_id.in_(ids)))
    if rows:
        connection.execute(
            insert(delivered), [{"uid": uid, "conversation_id": row.id, "seq": cursors[row.name]} for row in rows]
        )
