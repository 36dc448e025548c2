"""Guests: a name and an identity that are kept for 24 hours after their last use."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import Field

from suhbat.errors import Busy, InvalidName, NameInUse, NameTaken, RateLimited
from suhbat.identity.address import metered
from suhbat.protocol.objects import User
from suhbat.protocol.types import GUEST_TOKEN, NewName, Schema
from suhbat.services import Services

from . import cookie
from .dependencies import SAFE_WRITE, Served, address_of
from .refusals import refuses
from .routing import resource

router = resource("/guests", tags=["guests"], dependencies=[SAFE_WRITE])


class NewGuest(Schema):
    """With `cookie` the answer carries an HttpOnly cookie and no token: for browsers."""

    user_id: NewName = Field(examples=["ali"])
    cookie: bool = False


GUEST = {"uid": "usrazxgnrfqirgosn73gmg", "user_id": "ali", "kind": "guest"}
"""In examples."""


class GuestCreated(Schema):
    user: User = Field(examples=[GUEST])
    token: str = Field(examples=[GUEST_TOKEN])


class GuestByCookie(Schema):
    """The token is in the cookie."""

    user: User = Field(examples=[GUEST])


@router.post("", status_code=201)
@refuses(NameInUse, NameTaken, InvalidName, RateLimited, Busy)
async def create(
    request: Request, body: NewGuest, services: Served, response: Response
) -> GuestCreated | GuestByCookie:
    """Take a name as a guest. The token is shown only this once; send it as `Authorization: Bearer …` or in `hello`."""
    address = metered(address_of(request, services))
    _limit(address, services)
    actor, token = await services.people.make_guest(body.user_id, address)
    if body.cookie:
        cookie.write(request, response, services.settings, token)
        return GuestByCookie(user=actor.user)
    return GuestCreated(user=actor.user, token=token)


def _limit(address: str, services: Services) -> None:
    """Limit how fast one address makes guests, because each guest takes a row and a name. Raises RateLimited."""
    if not address:
        return
    wait = services.limits.rates.meter(f"guests from {address}").take(services.clock.steady())
    if wait:
        raise RateLimited(retry_after=wait)
