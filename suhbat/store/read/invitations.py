"""Reads about invitations (offered memberships), and about who may add whom. See `write.commands.invitations`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from suhbat.chat.model import Actor
from suhbat.protocol.objects import AddedBy, Invitation, User, by_time
from suhbat.store.dialect import select_for
from suhbat.store.sqlite.values import parts
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
_BOTS = select(accounts.c.owner_uid, accounts.c.uid, accounts.c.user_id, *_FIELDS).select_from(
    invitations.join(accounts, accounts.c.uid == invitations.c.uid)
    .join(conversations, conversations.c.id == invitations.c.conversation_id)
    .join(users, users.c.uid == invitations.c.inviter_uid)
)
_SHOWN_TO_MANY = select(WANTED.c.uid, *_FIELDS).select_from(
    WANTED.outerjoin(invitations, invitations.c.uid == WANTED.c.uid)
    .outerjoin(conversations, conversations.c.id == invitations.c.conversation_id)
    .outerjoin(users, users.c.uid == invitations.c.inviter_uid)
)


def open_for(connection: Connection, actor: Actor) -> tuple[Invitation, ...]:
    """See `chat.ports.Store.invitations`. Sorted as a client sorts them by itself (see `client.state`)."""
    if actor.owner is not None:
        return ()  # its owner decides
    found = [Invitation(**row._asdict()) for row in connection.execute(_SHOWN.where(invitations.c.uid == actor.uid))]
    if actor.kind == "account":
        found += [one for _, one in _of_bots(connection, [actor.uid])]
    return tuple(sorted(found, key=by_time))


def open_for_many(connection: Connection, actors: Collection[Actor]) -> dict[str, tuple[Invitation, ...]]:
    """The same by uid, for those of these users who have any."""
    found: dict[str, list[Invitation]] = {}
    uids = {actor.uid for actor in actors if actor.owner is None}
    for uid, *fields in select_for(connection, _SHOWN_TO_MANY, WANTED, [(uid,) for uid in sorted(uids)]):
        if fields[0] is not None:
            values = dict(zip((field.name for field in _FIELDS), fields, strict=True))
            found.setdefault(uid, []).append(Invitation(**values))
    for owner, invitation in _of_bots(connection, sorted({actor.uid for actor in actors if actor.kind == "account"})):
        found.setdefault(owner, []).append(invitation)
    return {uid: tuple(sorted(mine, key=by_time)) for uid, mine in found.items()}


def _of_bots(connection: Connection, owners: Sequence[str]) -> list[tuple[str, Invitation]]:
    """The invitations of the bots of these accounts, each with the uid of the owner."""
    found: list[tuple[str, Invitation]] = []
    for part in parts(list(owners)):
        for owner, bot_uid, bot_name, *fields in connection.execute(_BOTS.where(accounts.c.owner_uid.in_(part))):
            values = dict(zip((field.name for field in _FIELDS), fields, strict=True))
            bot = User(uid=bot_uid, user_id=bot_name, kind="bot")
            found.append((owner, Invitation(**values, bot=bot)))
    return found


def inviter_of(connection: Connection, log_id: int, uid: str) -> str | None:
    """The uid of the inviter of this user; None without an invitation."""
    mine = (invitations.c.conversation_id == log_id, invitations.c.uid == uid)
    found: str | None = connection.execute(select(invitations.c.inviter_uid).where(*mine)).scalar()
    return found


def count_open(connection: Connection, uid: str, inviter_uid: str) -> tuple[int, int]:
    """How many open invitations this user and their bots have, and how many this inviter made."""
    mine = or_(
        invitations.c.uid == uid, invitations.c.uid.in_(select(accounts.c.uid).where(accounts.c.owner_uid == uid))
    )
    both = select(func.count().filter(mine), func.count().filter(invitations.c.inviter_uid == inviter_uid)).where(
        or_(mine, invitations.c.inviter_uid == inviter_uid)
    )
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
    of = invitation["bot"]["uid"] if invitation.get("bot") else uid
    is_invited = and_(invitations.c.conversation_id == conversations.c.id, invitations.c.uid == of)
    title = connection.execute(
        select(conversations.c.title)
        .select_from(conversations.outerjoin(members, is_member).outerjoin(invitations, is_invited))
        .where(
            conversations.c.name == invitation["conversation"],
            or_(members.c.uid.is_not(None), invitations.c.uid.is_not(None)),
        )
    ).scalar()
    return {"title": title or "", "inviter": name or ""}
