"""The members of a conversation."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Body, Query, Response
from pydantic import Field

from suhbat.chat.model import Actor
from suhbat.chat.rate import COSTS
from suhbat.errors import BadRequest, TooManyConversations, TooManyInvitations, UserNotFound
from suhbat.protocol.commands import Admit, Ban, Join, Leave, Mute, Remove
from suhbat.protocol.objects import Member, Role
from suhbat.protocol.types import Reason, Schema, Until

from .dependencies import READ, SAFE_WRITE, Caller, Served, weighs
from .paths import ConversationPath, UidQuery, UserPath, valid_id
from .refusals import refuses
from .routing import resource

router = resource("/conversations/{conversation}/members", tags=["members"])


class Members(Schema):
    """`after`: where the next page begins; null at the end."""

    members: tuple[Member, ...]
    after: str | None


class Membership(Schema):
    role: Role = "member"


class Invited(Schema):
    """The person was invited, and becomes a member by accepting."""

    invited: Literal[True] = True


class Standing(Schema):
    """One change: a `role`, or whether the person is `banned` or `muted` (`until` a time; null: permanently)."""

    role: Role | None = None
    banned: bool | None = None
    muted: bool | None = Field(default=None, examples=[True])
    until: Until | None = None
    reason: Reason = ""


@router.get("", dependencies=[READ])
async def index(
    conversation: ConversationPath,
    actor: Caller,
    services: Served,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Members:
    """The members, in pages. The lobby has none; presence tells who is there."""
    page = await services.store.members(actor, valid_id(conversation), after=after, limit=limit)
    return Members(members=page.members, after=page.after)


@router.put(
    "/{user_id}",
    status_code=201,
    dependencies=[SAFE_WRITE, weighs(COSTS[Admit])],
    response_model=None,
    responses={
        200: {"model": None, "description": "They were a member already"},
        202: {"model": Invited, "description": "They do not know the caller, and were invited"},
    },
)
@refuses(UserNotFound, TooManyInvitations, TooManyConversations)
async def admit(
    conversation: ConversationPath,
    user_id: UserPath,
    body: Annotated[Membership, Body(default_factory=Membership)],
    actor: Caller,
    services: Served,
    response: Response,
    uid: UidQuery = None,
) -> Invited | None:
    """Make somebody a member, or change the role of a member. A person who does not know the caller is invited instead. To join
    a public room, or to accept an invitation, name yourself."""
    conversation, person = valid_id(conversation), await services.commands.person(user_id, uid)
    command: Join | Admit
    if person.uid == actor.uid and body.role == "member":
        command = Join(type="join", conversation=conversation)
    else:
        command = Admit(type="admit", conversation=conversation, role=body.role, **_target(person))
    result = await services.commands.execute(actor, command)
    if result.invited:
        response.status_code = 202
        return Invited()
    if not result.created:
        response.status_code = 200
    return None


@router.patch("/{user_id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(UserNotFound)
async def change(
    conversation: ConversationPath,
    user_id: UserPath,
    body: Standing,
    actor: Caller,
    services: Served,
    uid: UidQuery = None,
) -> None:
    """Change the role of a member, ban or mute somebody, or lift that. A ban in the lobby is from the whole server."""
    conversation, person = valid_id(conversation), await services.commands.person(user_id, uid)
    given = [value for value in (body.role, body.banned, body.muted) if value is not None]
    if len(given) != 1:
        raise BadRequest(reason='give one of "role", "banned" and "muted"')
    command: Admit | Ban | Mute
    about = {"conversation": conversation} | _target(person)
    if body.role is not None:
        command = Admit(type="admit", role=body.role, **about)
    elif body.banned is not None:
        command = Ban(type="ban", on=body.banned, until=body.until, reason=body.reason, **about)
    else:
        command = Mute(type="mute", on=bool(body.muted), until=body.until, reason=body.reason, **about)
    await services.commands.execute(actor, command)


@router.delete("/{user_id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(UserNotFound)
async def remove(
    conversation: ConversationPath, user_id: UserPath, actor: Caller, services: Served, uid: UidQuery = None
) -> None:
    """Remove a member, or revoke an invitation. To leave, or to decline an invitation, name yourself."""
    conversation, person = valid_id(conversation), await services.commands.person(user_id, uid)
    command: Leave | Remove
    if person.uid == actor.uid:
        command = Leave(type="leave", conversation=conversation)
    else:
        command = Remove(type="remove", conversation=conversation, **_target(person))
    await services.commands.execute(actor, command)


def _target(person: Actor) -> dict[str, str]:
    """The fields by which a command names the person: their current name, not the spelling in the path."""
    return {"user_id": person.user_id, "uid": person.uid}
