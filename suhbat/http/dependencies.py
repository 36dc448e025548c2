"""The dependencies of endpoints: they provide the services, identify the caller, refuse requests that other sites forged, and
limit what a caller may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from suhbat.chat.model import Actor
from suhbat.chat.rate import charge
from suhbat.errors import BadRequest, Busy, Forbidden, RateLimited, TooLarge, Unauthenticated, UnsupportedType
from suhbat.identity.address import metered
from suhbat.identity.external import Asked
from suhbat.identity.origin import allowed
from suhbat.identity.tokens import is_ours
from suhbat.identity.user_directory import Login
from suhbat.protocol import tus
from suhbat.services import MailServices, Services

from . import cookie
from .media import FORM, JSON, OF_UPLOADS, has_body, media_type
from .refusals import refuses

BEARER = HTTPBearer(auto_error=False, description="The token that `POST /api/v1/sessions` or `/guests` gave.")
READS = frozenset({"GET", "HEAD", "OPTIONS"})

Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]


def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


Served = Annotated[Services, Depends(_services)]
"""The services that the application was built with."""


@refuses(Unauthenticated, Forbidden, RateLimited, Busy)
async def login(request: Request, response: Response, services: Served, credentials: Credentials) -> Login:
    """The login of the token in `Authorization` or in the session cookie. Every request counts for `send_rate`, reads as well.

    Raises Unauthenticated; RateLimited; Busy if the session cannot be read; Forbidden for a banned user, and for a write
    with a cookie that does not come from a page of this server.
    """
    foreign = credentials.credentials if credentials is not None else None
    if services.external is not None and (foreign is None or not is_ours(foreign)):
        asked = Asked(request.url.path, dict(request.headers), dict(request.query_params), foreign)
        if known := await services.external.login(asked):
            return _admit(known, request, services)
    held = None if credentials is not None else cookie.read(request)
    token = credentials.credentials if credentials is not None else held
    if token is None:
        raise Unauthenticated()
    if held is not None and request.method not in READS:
        # A browser adds the cookie to requests of any site, and Origin says which one. Without Origin a cookie may not write.
        if "origin" not in request.headers:
            raise Forbidden("forbidden.origin")
        require_our_origin(request, services)
    login = _admit(await services.people.authenticate(token), request, services)
    if held is not None and login.session is not None:
        fresh = await services.people.sessions.rotate(login.session, held)
        if fresh is not None:
            cookie.write(request, response, services.settings, fresh)
    return login


def _admit(login: Login, request: Request, services: Services) -> Login:
    account = services.people.accounts.of_uid(login.actor.uid)
    request.state.locale = None if account is None else account.locale
    services.bans.check(login.actor)
    wait = services.limits.rates.meter(login.actor.uid, metered(address_of(request, services))).take(
        services.clock.steady()
    )
    if wait:
        raise RateLimited(retry_after=wait)
    return login


async def _caller(known: LoggedIn) -> Actor:
    return known.actor


async def _staff(actor: Caller) -> Actor:
    """Raises Forbidden for everybody except owners and moderators of the server."""
    if actor.role == "member":
        raise Forbidden()
    return actor


LoggedIn = Annotated[Login, Depends(login)]
Caller = Annotated[Actor, Depends(_caller)]
Staff = Annotated[Actor, Depends(_staff)]


def _shared_address(actor: Actor, request: Request, services: Services) -> str:
    """The address whose reads count together, or "". Guests cost nothing to make, so those of one address share a limit."""
    return metered(address_of(request, services)) if actor.kind == "guest" else ""


@refuses(Busy)
async def _reading(request: Request, actor: Caller, services: Served) -> AsyncIterator[None]:
    """Limit how many reads of the store run at once; a few more wait. Raises Busy for the rest."""
    async with services.limits.reads.quick(actor.uid, _shared_address(actor, request, services)):
        yield


@refuses(Busy)
async def _searching(request: Request, actor: Caller, services: Served) -> AsyncIterator[None]:
    """The same for slow reads. Raises Busy."""
    async with services.limits.reads.slow(actor.uid, _shared_address(actor, request, services)):
        yield


@refuses(Busy)
async def _exporting(request: Request, actor: Caller, services: Served) -> AsyncIterator[None]:
    """The same for exports, until the whole response is sent. Raises Busy."""
    async with services.limits.reads.export(actor.uid, _shared_address(actor, request, services)):
        yield


@refuses(Busy)
async def _uploading(request: Request, actor: Caller, services: Served) -> AsyncIterator[None]:
    """Limit how many bodies of uploads are received at once; some more wait, and nothing of them is read. Raises Busy."""
    async with services.limits.reads.body(actor.uid, _shared_address(actor, request, services)):
        yield


# `function`: the turn ends before the response is sent, so that a client that reads slowly does not block others.
READ = Depends(_reading, scope="function")
SEARCH = Depends(_searching, scope="function")
UPLOAD = Depends(_uploading, scope="function")
EXPORT = Depends(_exporting, scope="request")


def weighs(cost: int) -> Any:
    """A dependency that counts the request as `cost` messages for `send_rate`. It raises RateLimited."""

    @refuses(RateLimited)
    async def count(request: Request, actor: Caller, services: Served) -> None:
        meter = services.limits.rates.meter(actor.uid, metered(address_of(request, services)))
        charge(meter, cost, services.clock.steady())

    return Depends(count)


@refuses(Forbidden, BadRequest, TooLarge)
def safe_write(request: Request, services: Served) -> None:
    """Refuse writes that another site may have forged (CSRF). Every endpoint that writes needs this dependency.

    A browser sends Origin with each write; it must be that of this server or one of the setting `origins`. A body must be
    declared as JSON, because then a browser first asks this server whether the other site may send it (CORS preflight).
    """
    require_our_origin(request, services)
    if has_body(request.headers) and media_type(request.headers) != JSON:
        raise BadRequest(reason='the header "Content-Type: application/json" is missing')


@refuses(Forbidden, UnsupportedType, TooLarge)
def safe_upload(request: Request, services: Served) -> None:
    """The same for uploads, whose bodies have other types. A form comes without a preflight, so only Origin protects it."""
    require_our_origin(request, services)
    if has_body(request.headers) and media_type(request.headers) not in {*OF_UPLOADS, JSON}:
        raise UnsupportedType(type=tus.MEDIA_TYPE if "tus-resumable" in request.headers else FORM)


def require_our_origin(request: Request, services: Services) -> None:
    """Raise Forbidden if a page of another site made the request."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    # Of a header that is sent twice, one value could be checked and the other one used.
    doubled = any(len(request.headers.getlist(name)) > 1 for name in ("origin", "host", "authorization"))
    if doubled or not allowed(origin, host, services.settings.origins, services.settings.public_url):
        raise Forbidden("forbidden.origin")


SAFE_WRITE = Depends(safe_write)


def address_of(request: Request, services: Services) -> str:
    """The address of the client, also behind trusted proxies."""
    return services.proxies.address(request.client.host if request.client else None, request.headers.items())


def mail_of(services: Services) -> MailServices:
    """Raises Forbidden if this server sends no mails."""
    if services.mail is None:
        raise Forbidden("forbidden.mail")
    return services.mail


def is_local(request: Request, services: Services) -> bool:
    """Whether the request comes from a program on this machine, neither through a proxy on it nor from a page in a browser."""
    return services.proxies.is_local(request.client.host if request.client else None, request.headers.items())
