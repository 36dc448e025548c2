"""Who asks, and whether a page of somebody else's makes them ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from suhbat.chat.model import Actor
from suhbat.chat.rate import weigh
from suhbat.errors import BadRequest, Busy, Forbidden, RateLimited, TooLarge, Unauthenticated
from suhbat.identity.address import metered
from suhbat.identity.external import Asked
from suhbat.identity.login import Login
from suhbat.identity.origin import allowed
from suhbat.identity.tokens import is_ours
from suhbat.services import Services

from . import cookie
from .dependencies import Served
from .refusals import refuses

BEARER = HTTPBearer(auto_error=False, description="The token that `POST /api/v1/sessions` or `/guests` gave.")
READS = frozenset({"GET", "HEAD", "OPTIONS"})

Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]


@refuses(Unauthenticated, Forbidden, RateLimited, Busy)
async def _login(request: Request, response: Response, services: Served, credentials: Credentials) -> Login:
    """Whose token the request carries, in `Authorization` or in the session cookie. Every request of theirs counts for
    `send_rate`, reading too.

    Raises Unauthenticated, RateLimited; Busy where the session cannot be read; Forbidden for who is banned, and for a
    write with a cookie that no page of ours asked for.
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
        # The browser adds the cookie whoever made it ask; it also says who did, and without that nobody may write.
        if "origin" not in request.headers:
            raise Forbidden("forbidden.origin")
        safe_write(request, services)
    login = _admit(await services.people.authenticate(token), request, services)
    if held is not None and login.session is not None:
        fresh = await services.people.sessions.rotate(login.session, held)
        if fresh is not None:
            cookie.write(request, response, services.settings, fresh)
    return login


def _admit(login: Login, request: Request, services: Services) -> Login:
    account = services.people.accounts.of_uid(login.actor.uid)
    request.state.locale = None if account is None else account.locale
    services.bans.check(login.actor.uid)
    wait = services.limits.rates.meter(login.actor.uid, metered(address_of(request, services))).take(
        services.clock.steady()
    )
    if wait:
        raise RateLimited(retry_after=wait)
    return login


async def _caller(login: LoggedIn) -> Actor:
    return login.actor


async def _staff(actor: Caller) -> Actor:
    """Raises Forbidden for everybody but owners and moderators of the server."""
    if actor.role == "member":
        raise Forbidden()
    return actor


LoggedIn = Annotated[Login, Depends(_login)]
Caller = Annotated[Actor, Depends(_caller)]
Staff = Annotated[Actor, Depends(_staff)]


def _place(actor: Actor, request: Request, services: Services) -> str:
    """What reads count by beside the user: guests cost nothing to make, so those of one address count together."""
    return metered(address_of(request, services)) if actor.kind == "guest" else ""


@refuses(Busy)
async def _reading(request: Request, actor: Caller, services: Served) -> AsyncIterator[None]:
    """For what reads the store: a few at once, some wait, more are told to come again. Raises Busy."""
    async with services.limits.reads.quick(actor.uid, _place(actor, request, services)):
        yield


@refuses(Busy)
async def _searching(request: Request, actor: Caller, services: Served) -> AsyncIterator[None]:
    """The same for what takes long. Raises Busy."""
    async with services.limits.reads.slow(actor.uid, _place(actor, request, services)):
        yield


@refuses(Busy)
async def _exporting(request: Request, actor: Caller, services: Served) -> AsyncIterator[None]:
    """The same until the whole answer is written. Raises Busy."""
    async with services.limits.reads.export(actor.uid, _place(actor, request, services)):
        yield


# Given back before the answer is sent: who takes it slowly keeps nobody waiting.
READ = Depends(_reading, scope="function")
SEARCH = Depends(_searching, scope="function")
EXPORT = Depends(_exporting, scope="request")


def weighs(cost: int) -> Any:
    """For a request that costs like so many messages: it counts for `send_rate` as those do. Raises RateLimited."""

    @refuses(RateLimited)
    async def count(request: Request, actor: Caller, services: Served) -> None:
        meter = services.limits.rates.meter(actor.uid, metered(address_of(request, services)))
        weigh(meter, cost, services.clock.steady())

    return Depends(count)


@refuses(Forbidden, BadRequest, TooLarge)
def safe_write(request: Request, services: Served) -> None:
    """For every request that writes: a router that has one carries this.

    A browser sends Origin with each of them: only our own pages, or those the owner listed, may write in a visitor's
    name. And a body must be said to be JSON: that makes a foreign page's request one that the browser asks about first.
    """
    origin, host = request.headers.get("origin"), request.headers.get("host")
    # Twice is a trick: one of the two would be checked and the other used.
    doubled = any(len(request.headers.getlist(name)) > 1 for name in ("origin", "host", "authorization"))
    if doubled or not allowed(origin, host, services.settings.origins, services.settings.public_url):
        raise Forbidden("forbidden.origin")
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and media_type != "application/json":
        raise BadRequest(reason='the header "Content-Type: application/json" is missing')


SAFE_WRITE = Depends(safe_write)


def address_of(request: Request, services: Services) -> str:
    """Where the request comes from, proxies seen through, as limits count it."""
    return services.proxies.address(request.client.host if request.client else None, request.headers.items())


def is_local(request: Request, services: Services) -> bool:
    """Whether the one who asks is on this machine, and neither behind a proxy on it nor a page in its browser."""
    return services.proxies.is_local(request.client.host if request.client else None, request.headers.items())
