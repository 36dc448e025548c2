"""Who is in a conversation, and what they may do there."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from suhbat.chat.model import Actor
from suhbat.chat.rate import COSTS
from suhbat.errors import BadRequest, TooManyConversations, TooManyInvitations, UserNotFound
from suhbat.protocol.commands import Admit, Ban, Join, Leave, Mute, Remove
from suhbat.protocol.objects import Member, Role
from suhbat.protocol.types import Reason, Schema, Until

from .dependencies import Served
from .paths import Person, Place, WhoseUid, known
from .refusals import refuses
from .security import READ, SAFE_WRITE, Caller, weighs

router = APIRouter(prefix="/conversations/{conversation}/members", tags=["members"])


class Members(Schema):
    """`after`: where the next page begins, null at the end."""

    members: tuple[Member, ...]
    after: str | None


class Membership(Schema):
    role: Role = "member"


class Invited(Schema):
    """The person was asked: they are a member when they accept."""

    invited: Literal[True] = True


class Standing(Schema):
    """One thing at a time: a `role`, or whether they are `banned` or `muted` (`until` when; null: for good)."""

    role: Role | None = None
    banned: bool | None = None
    muted: bool | None = Field(default=None, examples=[True])
    until: Until | None = None
    reason: Reason = ""


@router.get("", dependencies=[READ])
async def index(
    conversation: Place,
    actor: Caller,
    services: Served,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Members:
    """The members, in pages. The lobby has none: who is there is presence."""
    found = await services.store.members(actor, known(conversation), after=after, limit=limit)
    return Members(members=found.members, after=found.after)


@router.put(
    "/{user_id}",
    status_code=201,
    dependencies=[SAFE_WRITE, weighs(COSTS[Admit])],
    response_model=None,
    responses={
        200: {"model": None, "description": "They were a member already"},
        202: {"model": Invited, "description": "They do not know the caller, and were asked"},
    },
)
@refuses(UserNotFound, TooManyInvitations, TooManyConversations)
async def admit(
    conversation: Place,
    user_id: Person,
    body: Membership,
    actor: Caller,
    services: Served,
    response: Response,
    uid: WhoseUid = None,
) -> Invited | None:
    """Make somebody a member, or give a member another role; who does not know the caller is invited. To join a public room,
    or one to which you are invited, name yourself."""
    place, person = known(conversation), await services.commands.person(user_id, uid)
    command: Join | Admit
    if person.uid == actor.uid and body.role == "member":
        command = Join(type="join", conversation=place)
    else:
        command = Admit(type="admit", conversation=place, role=body.role, **_whom(person))
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
    conversation: Place, user_id: Person, body: Standing, actor: Caller, services: Served, uid: WhoseUid = None
) -> None:
    """Give a member another role, ban or mute somebody, or lift that. In the lobby a ban is from the whole server."""
    place, person = known(conversation), await services.commands.person(user_id, uid)
    asked = [value for value in (body.role, body.banned, body.muted) if value is not None]
    if len(asked) != 1:
        raise BadRequest(reason='give one of "role", "banned" and "muted"')
    command: Admit | Ban | Mute
    about = {"conversation": place} | _whom(person)
    if body.role is not None:
        command = Admit(type="admit", role=body.role, **about)
    elif body.banned is not None:
        command = Ban(type="ban", on=body.banned, until=body.until, reason=body.reason, **about)
    else:
        command = Mute(type="mute", on=bool(body.muted), until=body.until, reason=body.reason, **about)
    await services.commands.execute(actor, command)


@router.delete("/{user_id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(UserNotFound)
async def remove(conversation: Place, user_id: Person, actor: Caller, services: Served, uid: WhoseUid = None) -> None:
    """Make somebody a member no more, or take their invitation back; naming yourself is leaving, or declining."""
    place, person = known(conversation), await services.commands.person(user_id, uid)
    command: Leave | Remove
    if person.uid == actor.uid:
        command = Leave(type="leave", conversation=place)
    else:
        command = Remove(type="remove", conversation=place, **_whom(person))
    await services.commands.execute(actor, command)


def _whom(person: Actor) -> dict[str, str]:
    """The person as a command names them. Their own name, not what stands in the path, which may be anything."""
    return {"user_id": person.user_id, "uid": person.uid}
