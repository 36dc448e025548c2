"""Registering an account."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import Field

from suhbat.chat.model import Actor
from suhbat.errors import Busy, InvalidName, NameInUse, NameTaken, NotFound, RateLimited, Unauthenticated
from suhbat.identity.profile import profile_of
from suhbat.identity.registration import RegistrationRequest
from suhbat.protocol.types import NewName, Schema, Storable
from suhbat.services import Services

from . import cookie
from .dependencies import SAFE_WRITE, Credentials, Served, address_of
from .me import Password
from .refusals import refuses
from .routing import resource
from .sessions import LoggedInByCookie, SignedIn, answer, label_of

router = resource("/accounts", tags=["accounts"], dependencies=[SAFE_WRITE])

Code = Annotated[str, Field(max_length=128), Storable]


class NewAccount(Schema):
    """`invite`: the code of an invite, if the server needs one. `setup`: the code of the link that the first start printed.
    With `cookie` the answer carries a cookie and no token."""

    user_id: NewName = Field(examples=["ali"])
    password: Password
    display_name: Annotated[str, Storable] | None = Field(default=None, examples=["Ali Valiyev"])
    invite: Code | None = None
    setup: Code | None = None
    cookie: bool = False


@router.post("", status_code=201)
@refuses(Unauthenticated, NotFound, NameInUse, NameTaken, InvalidName, RateLimited, Busy)
async def register(
    request: Request, body: NewAccount, services: Served, response: Response, credentials: Credentials
) -> SignedIn | LoggedInByCookie:
    """Register, and be logged in. A guest who sends the token or cookie of that guest keeps the name and becomes the
    account."""
    address = address_of(request, services)
    services.authentication.throttle.registration(address)
    guest = await _guest(request, services, credentials)
    new_account = RegistrationRequest(
        user_id=body.user_id,
        password=body.password,
        display_name=body.display_name,
        invite=body.invite,
        setup=body.setup,
        guest=guest,
        address=address,
    )
    account, _, token = await services.registration.register(new_account, label_of(request))
    return answer(request, response, services, profile_of(account), token, in_cookie=body.cookie)


async def _guest(
    request: Request, services: Services, credentials: HTTPAuthorizationCredentials | None
) -> Actor | None:
    """The guest who registers, or None. Raises Unauthenticated for an invalid token; an invalid cookie is ignored, as
    everywhere."""
    if credentials is not None:
        login = await services.people.authenticate(credentials.credentials)
        return login.actor if login.session is None else None
    held = cookie.read(request)
    if held is None or "origin" not in request.headers:  # a cookie without Origin may not write, see `dependencies`
        return None
    try:
        login = await services.people.authenticate(held)
    except Unauthenticated:
        return None
    return login.actor if login.session is None else None
