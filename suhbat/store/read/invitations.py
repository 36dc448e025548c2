"""Memberships that are offered: read here, and made and ended by `commands.membership`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from suhbat.chat.model import Actor
from suhbat.protocol.objects import AddedBy, Invitation, by_time
from suhbat.store.tables import accounts, conversations, invitations, members, users

_SHOWN = (
    select(
        conversations.c.name.label("conversation"), conversations.c.title, users.c.user_id.label("inviter"),
        invitations.c.inviter_uid, invitations.c.at.label("invited_at"),
    )
    .select_from(
        invitations.join(conversations, conversations.c.id == invitations.c.conversation_id).join(
            users, users.c.uid == invitations.c.inviter_uid
        )
    )
)  # fmt: skip


def open_for(connection: Connection, uid: str) -> tuple[Invitation, ...]:
    """See `chat.ports.Store.invitations`. The order is one that a client can keep by itself: see `client.state`."""
    rows = connection.execute(_SHOWN.where(invitations.c.uid == uid))
    return tuple(sorted((Invitation(**row._asdict()) for row in rows), key=by_time))


def inviter_of(connection: Connection, log_id: int, uid: str) -> str | None:
    """The uid of who invited this person there; None where nobody did."""
    mine = (invitations.c.conversation_id == log_id, invitations.c.uid == uid)
    found: str | None = connection.execute(select(invitations.c.inviter_uid).where(*mine)).scalar()
    return found


def counts(connection: Connection, uid: str, inviter_uid: str) -> tuple[int, int]:
    """How many are open for this person, and how many that inviter made."""
    both = select(
        func.count().filter(invitations.c.uid == uid), func.count().filter(invitations.c.inviter_uid == inviter_uid)
    ).where(or_(invitations.c.uid == uid, invitations.c.inviter_uid == inviter_uid))
    row = connection.execute(both).one()
    return row[0], row[1]


def added_by(connection: Connection, uid: str) -> AddedBy:
    """Who may add this person at once; a guest has no say yet."""
    chosen: AddedBy | None = connection.execute(select(accounts.c.added_by).where(accounts.c.uid == uid)).scalar()
    return chosen or "known"


def acquainted(connection: Connection, person: Actor, other: Actor) -> bool:
    """Whether both are in one room, or the person has written in a direct with the other."""
    theirs, others = members.alias(), members.alias()
    together = (
        select(theirs.c.uid)
        .select_from(
            theirs.join(
                others, and_(others.c.conversation_id == theirs.c.conversation_id, others.c.uid == other.uid)
            ).join(conversations, conversations.c.id == theirs.c.conversation_id)
        )
        .where(theirs.c.uid == person.uid, or_(conversations.c.kind == "room", theirs.c.wrote))
    )
    return bool(connection.execute(select(exists(together))).scalar())


def shown(connection: Connection, uid: str, invitation: dict[str, Any]) -> dict[str, Any]:
    """What an event says of an invitation, from the present: the room's title only for whom it still is open, or who is in."""
    name = connection.execute(select(users.c.user_id).where(users.c.uid == invitation["inviter_uid"])).scalar()
    there = and_(members.c.conversation_id == conversations.c.id, members.c.uid == uid)
    asked = and_(invitations.c.conversation_id == conversations.c.id, invitations.c.uid == uid)
    title = connection.execute(
        select(conversations.c.title)
        .select_from(conversations.outerjoin(members, there).outerjoin(invitations, asked))
        .where(
            conversations.c.name == invitation["conversation"],
            or_(members.c.uid.is_not(None), invitations.c.uid.is_not(None)),
        )
    ).scalar()
    return {"title": title or "", "inviter": name or ""}
