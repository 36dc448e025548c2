"""Who made a webhook."""

from __future__ import annotations

from sqlalchemy import Connection, select, union_all

from suhbat.store.tables import incoming_hooks, outgoing_hooks


def is_maker(connection: Connection, uid: str, hook_uid: str) -> bool:
    """Whether this account made the webhook with the identity `hook_uid`. Nobody did once it is removed."""
    return any(
        connection.execute(select(one.c.id).where(one.c.maker_uid == uid, one.c.uid == hook_uid)).first() is not None
        for one in (incoming_hooks, outgoing_hooks)
    )


def hook_uids(connection: Connection, uid: str) -> list[str]:
    """The identities of the webhooks that this account made."""
    made = [select(one.c.uid).where(one.c.maker_uid == uid) for one in (incoming_hooks, outgoing_hooks)]
    return list(connection.execute(union_all(*made)).scalars())
