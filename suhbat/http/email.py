"""The e-mail address of the caller, and the links that were mailed to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from suhbat.chat.model import Account, MailAddress
from suhbat.errors import BadRequest, Busy, Forbidden, RateLimited
from suhbat.identity.user_directory import Login
from suhbat.protocol.email import Email
from suhbat.protocol.types import Schema, Storable
from suhbat.services import MailServices, Services

from .dependencies import READ, SAFE_WRITE, LoggedIn, Served, address_of, mail_of
from .me import Address, Password
from .problem import language_of_request
from .refusals import refuses
from .routing import resource

router = resource(tags=["email"])

CODE = "a_code_as_it_was_mailed_once"
"""In examples."""

Code = Annotated[str, Field(max_length=128, examples=[CODE]), Storable]


class NewEmail(Schema):
    address: Address
    current_password: Password


class EmailRemoval(Schema):
    current_password: Password


class EmailChanges(Schema):
    digest: bool


class Confirmation(Schema):
    code: Code


@router.get("/me/email", dependencies=[READ])
async def show(login: LoggedIn, services: Served) -> Email:
    """The address of the caller."""
    mail, account = _mail(services, login)
    return _shown(await mail.addresses.of(account))


@router.put("/me/email", dependencies=[SAFE_WRITE])
@refuses(BadRequest, Forbidden, RateLimited, Busy)
async def want(request: Request, body: NewEmail, login: LoggedIn, services: Served) -> Email:
    """Set or change the address. A link that confirms it is mailed there; until it is opened, the address before is
    used. Ask again for another link."""
    mail, account = _mail(services, login)
    client, language = address_of(request, services), language_of_request(request)
    return _shown(await mail.addresses.want(account, body.address, body.current_password, client, language))


@router.patch("/me/email", dependencies=[SAFE_WRITE])
@refuses(Forbidden)
async def change(body: EmailChanges, login: LoggedIn, services: Served) -> Email:
    """Switch the mails about unread directs and mentions on or off."""
    mail, account = _mail(services, login)
    await mail.addresses.set_digest(account, body.digest)
    return _shown(await mail.addresses.of(account))


@router.delete("/me/email", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(Forbidden, RateLimited, Busy)
async def remove(request: Request, body: EmailRemoval, login: LoggedIn, services: Served) -> None:
    """Remove the address. It is told of that."""
    mail, account = _mail(services, login)
    await mail.addresses.remove(account, body.current_password, address_of(request, services))


@router.post("/email-confirmations", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(Forbidden, RateLimited, Busy)
async def confirm(request: Request, body: Confirmation, services: Served) -> None:
    """Confirm an address with the code of a mailed link, without a login: it may be opened on another device. An
    address that it replaces is told of that."""
    await mail_of(services).addresses.confirm(body.code, address_of(request, services))


def _mail(services: Services, login: Login) -> tuple[MailServices, Account]:
    """Also raises Forbidden for guests, and for accounts of another application."""
    if login.session is None:
        raise Forbidden("forbidden.guest")
    return mail_of(services), services.people.accounts.require(login.actor.uid)


def _shown(held: MailAddress) -> Email:
    return Email(
        address=held.address,
        confirmed_at=held.confirmed_at,
        wanted=held.wanted,
        digest=held.digest,
        refused=held.refused_at is not None,
    )
