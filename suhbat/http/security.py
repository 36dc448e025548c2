"""Who asks, and whether a page of somebody else's makes them ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from suhbat.chat.model import Actor
from suhbat.errors import BadRequest, Forbidden, RateLimited, Unauthenticated
from suhbat.identity.address import client_address, neighbourhood, networks
from suhbat.identity.origin import allowed

from .parts import House, Parts

BEARER = HTTPBearer(auto_error=False, description="The token that `POST /api/v1/guests` gave.")


async def _caller(parts: House, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]) -> Actor:
    """Whose token the request carries. Every request of theirs counts for `send_rate`, reading too.

    Raises Unauthenticated, Forbidden (banned), RateLimited.
    """
    if credentials is None:
        raise Unauthenticated()
    actor = await parts.guests.authenticate(credentials.credentials)
    parts.bans.check(actor.uid)
    wait = parts.rates.meter(actor.uid).take(parts.clock.steady())
    if wait:
        raise RateLimited(retry_after=wait, seconds=f"{wait:.1f}")
    return actor


Caller = Annotated[Actor, Depends(_caller)]


def safe_write(request: Request, parts: House) -> None:
    """For every request that writes.

    A browser sends Origin with each of them: only our own pages, or those the owner listed, may write in a visitor's
    name. And a body must be said to be JSON: that makes a foreign page's request one that the browser asks about first.
    """
    origin, host = request.headers.get("origin"), request.headers.get("host")
    # Twice is a trick: one of the two would be checked and the other used.
    doubled = any(len(request.headers.getlist(name)) > 1 for name in ("origin", "host", "authorization"))
    if doubled or not allowed(origin, host, parts.settings.origins, parts.settings.public_url):
        raise Forbidden("forbidden.origin")
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and media_type != "application/json":
        raise BadRequest(reason='the header "Content-Type: application/json" is missing')


SAFE_WRITE = Depends(safe_write)


def address_of(request: Request, parts: Parts) -> str:
    """Where the request comes from, proxies seen through, as limits count it."""
    peer = request.client.host if request.client else None
    trusted = networks(parts.settings.trusted_proxies)
    return neighbourhood(client_address(peer, request.headers.getlist("x-forwarded-for"), trusted))
