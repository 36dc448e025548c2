"""Who is in a conversation, and what they may do there."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from suhbat.chat import acts
from suhbat.chat.rate import Cost
from suhbat.errors import BadRequest, TooManyConversations, TooManyInvitations, UserNotFound
from suhbat.protocol.objects import Member, Role
from suhbat.protocol.types import Reason, Until, Wire

from .parts import House
from .paths import Person, Place, WhoseUid, known
from .refusals import refuses
from .security import READ, SAFE_WRITE, Caller, weighs

router = APIRouter(prefix="/conversations/{conversation}/members", tags=["members"])


class Members(Wire):
    """`after`: where the next page begins, null at the end."""

    members: tuple[Member, ...]
    after: str | None


class Membership(Wire):
    role: Role = "member"


class Invited(Wire):
    """The person was asked: they are a member when they accept."""

    invited: Literal[True] = True


class Standing(Wire):
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
    parts: House,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Members:
    """The members, in pages. The lobby has none: who is there is presence."""
    found = await parts.store.members(actor, known(conversation), after=after, limit=limit)
    return Members(members=found.members, after=found.after)


@router.put(
    "/{user_id}",
    status_code=201,
    dependencies=[SAFE_WRITE, weighs(Cost.PERSON)],
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
    parts: House,
    response: Response,
    uid: WhoseUid = None,
) -> Invited | None:
    """Make somebody a member, or give a member another role; who does not know the caller is invited. To join a public room,
    or one to which you are invited, name yourself."""
    await parts.acting.learn(user_id)
    place, person = known(conversation), parts.acting.person(user_id, uid)
    act: acts.Act
    if person.uid == actor.uid and body.role == "member":
        act = acts.Join(actor=actor, at=parts.acting.now(), conversation=place)
    else:
        act = acts.Admit(actor=actor, at=parts.acting.now(), conversation=place, person=person, role=body.role)
    done = await parts.acting.do(act)
    if done.invited:
        response.status_code = 202
        return Invited()
    if not done.created:
        response.status_code = 200
    return None


@router.patch("/{user_id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(UserNotFound)
async def change(
    conversation: Place, user_id: Person, body: Standing, actor: Caller, parts: House, uid: WhoseUid = None
) -> None:
    """Give a member another role, ban or mute somebody, or lift that. In the lobby a ban is from the whole server."""
    await parts.acting.learn(user_id)
    place, person, at = known(conversation), parts.acting.person(user_id, uid), parts.acting.now()
    asked = [value for value in (body.role, body.banned, body.muted) if value is not None]
    if len(asked) != 1:
        raise BadRequest(reason='give one of "role", "banned" and "muted"')
    act: acts.Act
    if body.role is not None:
        act = acts.Admit(actor=actor, at=at, conversation=place, person=person, role=body.role)
    elif body.banned is not None:
        act = acts.Ban(
            actor=actor,
            at=at,
            conversation=place,
            person=person,
            on=body.banned,
            until=body.until,
            reason=body.reason,
        )
    else:
        act = acts.Mute(
            actor=actor,
            at=at,
            conversation=place,
            person=person,
            on=bool(body.muted),
            until=body.until,
            reason=body.reason,
        )
    await parts.acting.do(act)


@router.delete("/{user_id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(UserNotFound)
async def remove(conversation: Place, user_id: Person, actor: Caller, parts: House, uid: WhoseUid = None) -> None:
    """Make somebody a member no more, or take their invitation back; naming yourself is leaving, or declining."""
    await parts.acting.learn(user_id)
    place, person, at = known(conversation), parts.acting.person(user_id, uid), parts.acting.now()
    act: acts.Act
    if person.uid == actor.uid:
        act = acts.Leave(actor=actor, at=at, conversation=place)
    else:
        act = acts.Remove(actor=actor, at=at, conversation=place, person=person)
    await parts.acting.do(act)
