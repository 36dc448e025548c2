"""Reads about invitations (offered memberships), and about who may add whom. See `write.commands.invitations`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from suhbat.chat.model import Actor
from suhbat.protocol.objects import AddedBy, Invitation, by_time
from suhbat.store.dialect import select_for
from suhbat.store.tables import accounts, conversations, invitations, members, users

from .few_logs import WANTED

_FIELDS = (
    conversations.c.name.label("conversation"), conversations.c.title, users.c.user_id.label("inviter"),
    invitations.c.inviter_uid, invitations.c.at.label("invited_at"),
)  # fmt: skip
_SHOWN = (
    select(*_FIELDS)
    .select_from(
        invitations.join(conversations, conversations.c.id == invitations.c.conversation_id).join(
            users, users.c.uid == invitations.c.inviter_uid
        )
    )
)  # fmt: skip
_SHOWN_TO_MANY = select(WANTED.c.uid, *_FIELDS).select_from(
    WANTED.outerjoin(invitations, invitations.c.uid == WANTED.c.uid)
    .outerjoin(conversations, conversations.c.id == invitations.c.conversation_id)
    .outerjoin(users, users.c.uid == invitations.c.inviter_uid)
)


def open_for(connection: Connection, uid: str) -> tuple[Invitation, ...]:
    """See `chat.ports.Store.invitations`. Sorted as a client sorts them by itself (see `client.state`)."""
    rows = connection.execute(_SHOWN.where(invitations.c.uid == uid))
    return tuple(sorted((Invitation(**row._asdict()) for row in rows), key=by_time))


def open_for_many(connection: Connection, uids: Sequence[str]) -> dict[str, tuple[Invitation, ...]]:
    """The same by uid, for those of these users who have any."""
    found: dict[str, list[Invitation]] = {}
    for uid, *fields in select_for(connection, _SHOWN_TO_MANY, WANTED, [(uid,) for uid in uids]):
        if fields[0] is not None:
            values = dict(zip((field.name for field in _FIELDS), fields, strict=True))
            found.setdefault(uid, []).append(Invitation(**values))
    return {uid: tuple(sorted(mine, key=by_time)) for uid, mine in found.items()}


def inviter_of(connection: Connection, log_id: int, uid: str) -> str | None:
    """The uid of the inviter of this user; None without an invitation."""
    mine = (invitations.c.conversation_id == log_id, invitations.c.uid == uid)
    found: str | None = connection.execute(select(invitations.c.inviter_uid).where(*mine)).scalar()
    return found


def count_open(connection: Connection, uid: str, inviter_uid: str) -> tuple[int, int]:
    """How many open invitations this user has, and how many this inviter made."""
    both = select(
        func.count().filter(invitations.c.uid == uid), func.count().filter(invitations.c.inviter_uid == inviter_uid)
    ).where(or_(invitations.c.uid == uid, invitations.c.inviter_uid == inviter_uid))
    row = connection.execute(both).one()
    return row[0], row[1]


def added_by(connection: Connection, uid: str) -> AddedBy:
    """Who may add this user at once (`accounts.added_by`); the default for guests."""
    chosen: AddedBy | None = connection.execute(select(accounts.c.added_by).where(accounts.c.uid == uid)).scalar()
    return chosen or "known"


def acquainted(connection: Connection, person: Actor, other: Actor) -> bool:
    """Whether both are members of one room, or the person has written in a direct with the other."""
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


def present_texts(connection: Connection, uid: str, invitation: dict[str, Any]) -> dict[str, Any]:
    """The present title and inviter of an invitation, for an event. The title is empty for a user who is neither invited now
    nor a member."""
    name = connection.execute(select(users.c.user_id).where(users.c.uid == invitation["inviter_uid"])).scalar()
    is_member = and_(members.c.conversation_id == conversations.c.id, members.c.uid == uid)
    is_invited = and_(invitations.c.conversation_id == conversations.c.id, invitations.c.uid == uid)
    title = connection.execute(
        select(conversations.c.title)
        .select_from(conversations.outerjoin(members, is_member).outerjoin(invitations, is_invited))
        .where(
            conversations.c.name == invitation["conversation"],
            or_(members.c.uid.is_not(None), invitations.c.uid.is_not(None)),
        )
    ).scalar()
    return {"title": title or "", "inviter": name or ""}
