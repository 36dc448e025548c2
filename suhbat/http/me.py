"""The caller: profile, invitations, erasure."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from fastapi import Request, Response
from pydantic import AfterValidator, Field

from suhbat.chat.erasing import erase_all
from suhbat.chat.quiet import zones
from suhbat.errors import BadRequest, Forbidden
from suhbat.identity.passwords import require_possible
from suhbat.identity.profile import display_name, profile_of
from suhbat.protocol.email import EXAMPLE
from suhbat.protocol.objects import AddedBy, Invitation, Profile, Quiet, User
from suhbat.protocol.types import Schema, Storable

from .dependencies import SAFE_WRITE, Caller, LoggedIn, Served, address_of, mail_of
from .problem import language_of_request
from .routing import resource

router = resource("/me", tags=["me"])


def _tag(text: str) -> str:
    if len(text) > 35 or not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise ValueError("locale")
    return text


Locale = Annotated[str, Field(examples=["uz"]), AfterValidator(_tag)]
"""A language tag (RFC 5646)."""


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("quiet.clock")
    return text


def _zone(name: str) -> str:
    if name not in zones():
        raise ValueError("quiet.zone")
    return name


Clock = Annotated[str, AfterValidator(_clock)]
"""A time of day, from 00:00 to 23:59."""
Zone = Annotated[str, Field(examples=["Asia/Tashkent"]), AfterValidator(_zone)]
"""The name of a time zone (https://www.iana.org/time-zones)."""
Weekday = Annotated[int, Field(ge=1, le=7, examples=[1])]
"""1 for Monday to 7 for Sunday (ISO 8601)."""
Address = Annotated[str, Field(max_length=320, examples=[EXAMPLE]), Storable]
Password = Annotated[str, Field(examples=["a password nobody else has"])]


class QuietHours(Schema):
    """The hours in which the caller is not notified. On these `days` they begin at `from`, and they end when the clock shows
    `to` next, in the time zone `zone`. Equal times: 24 hours."""

    from_: Clock = Field(validation_alias="from", examples=["22:00"])
    to: Clock = Field(examples=["08:00"])
    days: Annotated[list[Weekday], Field(min_length=1, max_length=7, fail_fast=True)] = Field(
        default=[1, 2, 3, 4, 5, 6, 7]
    )
    zone: Zone

    @property
    def chosen(self) -> Quiet:
        return Quiet(from_=self.from_, to=self.to, days=tuple(sorted(set(self.days))), zone=self.zone)


class ProfileChanges(Schema):
    """Fields that are left out stay as they are. `password` needs `current_password`, and ends every other session. `added_by`:
    who may make the caller a member of a room at once (`everyone`, `nobody`, or people they have met: `known`). Others
    invite. `quiet`: null removes the quiet hours. `push_text`: whether pushes show the texts of messages. `email`: like `PUT
    /me/email`, or null like `DELETE`; it needs `current_password`, too."""

    display_name: Annotated[str, Storable] | None = Field(default=None, examples=["Ali Valiyev"])
    locale: Locale | None = Field(default=None, examples=["uz"])
    added_by: AddedBy | None = None
    quiet: QuietHours | None = None
    push_text: bool | None = None
    email: Address | None = Field(default=None, examples=[EXAMPLE])
    password: Password | None = None
    current_password: Password | None = None


class Invitations(Schema):
    invitations: tuple[Invitation, ...]


class Farewell(Schema):
    """`messages`: whether the messages are kept without the name, or erased."""

    password: Password
    messages: Literal["keep", "erase"] = "keep"


@router.get("")
async def show(actor: Caller, services: Served) -> Profile | User:
    """The identity behind the token. A client whose socket does not open asks here whether to stop: on 401 or 403."""
    account = services.people.accounts.of_uid(actor.uid)
    return actor.user if account is None else profile_of(account)


@router.patch("", dependencies=[SAFE_WRITE])
async def change(request: Request, body: ProfileChanges, login: LoggedIn, services: Served) -> Profile:
    """Change the caller's account: display name, language, password, `added_by`, quiet hours, `push_text`."""
    if login.session is None:
        raise Forbidden("forbidden.guest")
    account = services.people.accounts.require(login.actor.uid)
    fields: dict[str, str | bool | Quiet | None] = {}
    if "display_name" in body.model_fields_set:
        fields["display_name"] = display_name(body.display_name or account.user_id)
    if "locale" in body.model_fields_set:
        fields["locale"] = body.locale
    if body.added_by is not None:
        fields["added_by"] = body.added_by
    if "quiet" in body.model_fields_set:
        fields["quiet"] = None if body.quiet is None else body.quiet.chosen
    if body.push_text is not None:
        fields["push_text"] = body.push_text
    if body.password is not None:
        require_possible(body.password)  # before a mail leaves
    address = address_of(request, services)
    if "email" in body.model_fields_set:
        addresses, password = mail_of(services).addresses, _current(body)
        if body.email is None:
            await addresses.remove(account, password, address)
        else:
            await addresses.want(account, body.email, password, address, language_of_request(request))
    if body.password is not None:
        account = await services.authentication.change_password(
            account, _current(body), body.password, login.session, address
        )
        if services.mail is not None:
            await services.mail.addresses.tell_of_password(account)
    if fields:
        account = await services.people.accounts.change(account.uid, **fields)
    return profile_of(account)


def _current(body: ProfileChanges) -> str:
    if body.current_password is None:
        raise BadRequest(reason='"current_password" is missing')
    return body.current_password


@router.get("/invitations")
async def invitations(actor: Caller, services: Served) -> Invitations:
    """The caller's open invitations to rooms, the oldest first. `PUT …/members/{self}` accepts one, `DELETE` declines it."""
    return Invitations(invitations=await services.store.invitations(actor))


@router.delete("", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def erase(request: Request, body: Farewell, login: LoggedIn, services: Served) -> None:
    """Erase the caller's account: at once the name, the sessions, drafts and read marks. Messages are kept under "deleted
    account", or with `messages: "erase"` erased in the background; a restart does not interrupt that."""
    if login.session is None:
        raise Forbidden("forbidden.guest")
    account = services.people.accounts.require(login.actor.uid)
    address = address_of(request, services)
    await services.authentication.erase(account, body.password, address, with_messages=body.messages == "erase")
    services.tasks.start(erase_all(services.store, services.clock))
