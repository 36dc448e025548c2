"""Rows of invites: codes that admit to the server, and also to a room."""

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
    conversations.c.title,
).select_from(invites.outerjoin(conversations, conversations.c.id == invites.c.conversation_id))
"""The columns of Invite, in its order."""


def add(connection: Connection, invite: Invite) -> None:
    """Insert an invite. Raises NotFound if its conversation does not exist."""
    into = None
    if invite.conversation is not None:
        named = select(conversations.c.id).where(conversations.c.name == invite.conversation)
        into = connection.execute(named).scalar()
        if into is None:
            raise NotFound()
    row = {name: getattr(invite, name) for name in Invite.__slots__ if name not in ("conversation", "title")}
    connection.execute(insert(invites), row | {"conversation_id": into})


def by_code(connection: Connection, code_hash: bytes) -> Invite | None:
    """The invite with this code, even if it is used up or has expired; None if there is none."""
    row = connection.execute(_SELECT.where(invites.c.code_hash == code_hash)).one_or_none()
    return None if row is None else Invite(*row)


def all_invites(connection: Connection) -> list[Invite]:
    """All invites, the newest first."""
    return [Invite(*row) for row in connection.execute(_SELECT.order_by(invites.c.created_at.desc(), invites.c.id))]


def use(connection: Connection, code_hash: bytes, at: Milliseconds) -> str | None:
    """Use an invite once. Returns its conversation, if it has one. Raises Forbidden if it is unknown, used up or expired."""
    good = (invites.c.code_hash == code_hash, invites.c.uses > 0, invites.c.expires_at > at)
    used = connection.execute(update(invites).where(*good).values(uses=invites.c.uses - 1))
    invite = by_code(connection, code_hash)
    if used.rowcount == 0 or invite is None:
        raise Forbidden("forbidden.invite")
    return invite.conversation


def renew(connection: Connection, id: str, code_hash: bytes, at: Milliseconds) -> Invite | None:
    """See `chat.ports.MailStore.renew_invite`."""
    good = (invites.c.id == id, invites.c.uses > 0, invites.c.expires_at > at)
    connection.execute(update(invites).where(*good).values(code_hash=code_hash))
    return by_code(connection, code_hash)


def end(connection: Connection, id: str) -> bool:
    """Delete an invite. False if there is none."""
    return connection.execute(delete(invites).where(invites.c.id == id)).rowcount > 0
