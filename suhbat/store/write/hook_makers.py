"""Who made a webhook."""

from __future__ import annotations

from sqlalchemy import Connection, select

from suhbat.store.tables import incoming_hooks, outgoing_hooks


def is_maker(connection: Connection, uid: str, hook_uid: str) -> bool:
    """Whether this account made the webhook with the identity `hook_uid`. Nobody did once it is removed."""
    return any(
        connection.execute(select(one.c.id).where(one.c.maker_uid == uid, one.c.uid == hook_uid)).first() is not None
        for one in (incoming_hooks, outgoing_hooks)
    )
