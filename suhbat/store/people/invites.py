"""Invitations in the tables."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from suhbat.chat.model import Invite, Milliseconds
from suhbat.errors import Forbidden, NotFound
from suhbat.store.tables import conversations, invites

_SELECT = select(
    invites.c.id,
    invites.c.code_hash,
    conversations.c.name,
    invites.c.uses,
    invites.c.expires_at,
    invites.c.created_by,
    invites.c.created_at,
).select_from(invites.outerjoin(conversations, conversations.c.id == invites.c.conversation_id))
"""The columns of Invite, in its order."""


def add(connection: Connection, invite: Invite) -> None:
    """Write a new invitation. Raises NotFound when its conversation is not there."""
    into = None
    if invite.conversation is not None:
        named = select(conversations.c.id).where(conversations.c.name == invite.conversation)
        into = connection.execute(named).scalar()
        if into is None:
            raise NotFound()
    row = {name: getattr(invite, name) for name in Invite.__slots__ if name != "conversation"}
    connection.execute(insert(invites), row | {"conversation_id": into})


def by_code(connection: Connection, code_hash: bytes) -> Invite | None:
    """The invitation with this code, also when it is worth nothing any more."""
    row = connection.execute(_SELECT.where(invites.c.code_hash == code_hash)).one_or_none()
    return None if row is None else Invite(*row)


def everyone(connection: Connection) -> list[Invite]:
    """All of them, the newest first."""
    return [Invite(*row) for row in connection.execute(_SELECT.order_by(invites.c.created_at.desc(), invites.c.id))]


def use(connection: Connection, code_hash: bytes, at: Milliseconds) -> str | None:
    """One use less; the conversation it leads to. Raises Forbidden when it is unknown, used up or expired."""
    good = (invites.c.code_hash == code_hash, invites.c.uses > 0, invites.c.expires_at > at)
    used = connection.execute(update(invites).where(*good).values(uses=invites.c.uses - 1))
    invite = by_code(connection, code_hash)
    if used.rowcount == 0 or invite is None:
        raise Forbidden("forbidden.invite")
    return invite.conversation


def end(connection: Connection, id: str) -> bool:
    """Delete one; whether it was there."""
    return connection.execute(delete(invites).where(invites.c.id == id)).rowcount > 0
