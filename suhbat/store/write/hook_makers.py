"""Who made a webhook."""

from __future__ import annotations

from sqlalchemy import Connection, select

from suhbat.store.tables import incoming_hooks


def is_maker(connection: Connection, uid: str, hook_uid: str) -> bool:
    """Whether this account made the webhook with the identity `hook_uid`. Nobody did once it is removed."""
    mine = (incoming_hooks.c.maker_uid == uid, incoming_hooks.c.uid == hook_uid)
    return connection.execute(select(incoming_hooks.c.id).where(*mine)).first() is not None
