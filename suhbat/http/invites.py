"""Invites: codes with which somebody may register, or join a room."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Path, Request, Response
from pydantic import Field

from suhbat.chat.model import Invite
from suhbat.errors import BadRequest, Busy, Forbidden, NotFound, RateLimited
from suhbat.identity.invites import LONGEST_SECONDS, MOST_USES
from suhbat.protocol.sent_types import UserId
from suhbat.protocol.types import ConversationId, Schema, Storable, Time

from .dependencies import READ, SAFE_WRITE, Caller, Served, Staff, address_of, mail_of
from .problem import language_of_request
from .refusals import refuses
from .routing import resource

router = resource("/invites", tags=["invites"])

WEEK = 7 * 24 * 3600
CODE, INVITE = "a_code_as_it_was_shown_once", "i3z6rw4q2dyddfn6patw7k"
"""In examples."""


class NewInvite(Schema):
    """`uses`: how many people may register with it; `expires_in`: seconds; `conversation`: a room that they join.
    `email`: the address to which it is mailed; then nobody else gets the code."""

    uses: Annotated[int, Field(ge=1, le=MOST_USES, examples=[1])] = 1
    expires_in: Annotated[int, Field(ge=60, le=LONGEST_SECONDS, examples=[WEEK])] = WEEK
    conversation: ConversationId | None = None
    email: Annotated[str, Field(max_length=320, examples=["vali@example.org"]), Storable] | None = None


class InviteShown(Schema):
    """An invite as owners and moderators of the server see it. The code is not stored, so it cannot be shown again."""

    id: str = Field(examples=[INVITE])
    uses: int = Field(examples=[1])
    expires_at: Time
    conversation: str | None = Field(examples=["rqegnj7zdywrwkkgt34yyk"])
    created_by: UserId | None = Field(examples=["ali"])
    created_at: Time


class InviteMade(InviteShown):
    """`code` is shown only this once."""

    code: str = Field(examples=[CODE])


class InviteList(Schema):
    invites: tuple[InviteShown, ...]


class InviteOffer(Schema):
    """The facts about an invite that the holder of its code may know before registering."""

    uses: int = Field(examples=[1])
    expires_at: Time
    conversation: str | None = Field(examples=["rqegnj7zdywrwkkgt34yyk"])
    title: str | None = Field(default=None, examples=["Choyxona"])
    invited_by: UserId | None = Field(examples=["ali"])


class InviteUsed(Schema):
    """The room that the caller is in now; null if the invite is for no room."""

    conversation: str | None = Field(examples=["rqegnj7zdywrwkkgt34yyk"])


@router.post("", status_code=201, dependencies=[SAFE_WRITE])
@refuses(BadRequest, Forbidden, NotFound, RateLimited, Busy)
async def make(
    request: Request, body: Annotated[NewInvite, Body(default_factory=NewInvite)], actor: Staff, services: Served
) -> InviteMade | InviteShown:
    """Make an invite, and mail it if there is an `email`. For owners and moderators of the server; for a room, they
    must be members of it."""
    if body.conversation is not None:
        found = await services.store.states_of(actor, (body.conversation,))
        if not any(state.kind == "room" for state in found.states):
            raise NotFound()
    if body.email is not None:
        client, language = address_of(request, services), language_of_request(request)
        invite = await mail_of(services).invites.create(
            actor, body.email, body.uses, body.expires_in, body.conversation, client, language
        )
        return _shown(invite, actor.user_id)
    invite, code = await services.registration.invites.create(actor, body.uses, body.expires_in, body.conversation)
    return InviteMade(**dict(_shown(invite, actor.user_id)), code=code)


@router.get("", dependencies=[READ])
async def index(actor: Staff, services: Served) -> InviteList:
    """The invites that are still valid, the newest first. For owners and moderators of the server."""
    found = await services.registration.invites.valid()
    names = {account.uid: account.user_id for account in services.people.accounts}
    return InviteList(invites=tuple(_shown(invite, names.get(invite.created_by)) for invite in found))


@router.get("/{code}")
@refuses(NotFound, RateLimited, Busy)
async def look(request: Request, code: Annotated[str, Path(examples=[CODE])], services: Served) -> InviteOffer:
    """Look up a code, without a token. 404 if it is unknown, used up or expired. Guesses are slowed down."""
    with services.authentication.throttle.attempt(address_of(request, services), None):
        invite = await services.registration.invites.find(code)
    maker = services.people.accounts.of_uid(invite.created_by)
    return InviteOffer(
        uses=invite.uses,
        expires_at=invite.expires_at,
        conversation=invite.conversation,
        title=invite.title,
        invited_by=None if maker is None else maker.user_id,
    )


@router.post("/{code}", dependencies=[SAFE_WRITE])
@refuses(NotFound, RateLimited, Busy)
async def use(
    request: Request, code: Annotated[str, Path(examples=[CODE])], actor: Caller, services: Served
) -> InviteUsed:
    """Join the room of an invite, for somebody who needs no account for that. It has one use less then, except for a member of
    the room. 404 as for a look-up; 403 if the room does not let the caller in, for example after a ban."""
    with services.authentication.throttle.attempt(address_of(request, services), None):
        invite = await services.registration.invites.find(code)
    if invite.conversation is not None:
        await services.commands.use_invite(actor, invite)
        found = await services.store.states_of(actor, (invite.conversation,))
        if not any(state.role is not None for state in found.states):
            raise Forbidden("forbidden.invite")
    return InviteUsed(conversation=invite.conversation)


@router.delete("/{id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(NotFound)
async def take_back(id: Annotated[str, Path(examples=[INVITE])], actor: Staff, services: Served) -> None:
    """Revoke an invite. For owners and moderators of the server."""
    await services.registration.invites.revoke(id)


def _shown(invite: Invite, created_by: str | None) -> InviteShown:
    return InviteShown(
        id=invite.id,
        uses=invite.uses,
        expires_at=invite.expires_at,
        conversation=invite.conversation,
        created_by=created_by,
        created_at=invite.created_at,
    )
