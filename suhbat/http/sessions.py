"""Login sessions: logging in, listing sessions, logging out."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import Field

from suhbat.errors import Busy, Forbidden, NotFound, RateLimited, Unauthenticated
from suhbat.identity.profile import profile_of
from suhbat.identity.user_directory import Login
from suhbat.protocol.objects import Profile
from suhbat.protocol.types import SESSION_TOKEN, Name, Schema, Time
from suhbat.services import Services

from . import cookie
from .dependencies import READ, SAFE_WRITE, LoggedIn, Served, address_of
from .me import Password
from .refusals import refuses
from .routing import resource

router = resource("/sessions", tags=["sessions"])

SESSION = "saq5hdb3uyvzl3crfvw7lc"
"""In examples."""


class NewSession(Schema):
    """With `cookie` the answer carries an HttpOnly cookie and no token: for browsers."""

    user_id: Name = Field(examples=["ali"])
    password: Password
    cookie: bool = False


class SignedIn(Schema):
    """The token is shown only this once; send it as `Authorization: Bearer …` or in `hello`."""

    user: Profile
    token: str = Field(examples=[SESSION_TOKEN])


class LoggedInByCookie(Schema):
    """The token is in the cookie."""

    user: Profile


class SessionShown(Schema):
    """A login session. `label`: the User-Agent that made it. `current`: it is that of this request."""

    id: str = Field(examples=[SESSION])
    label: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64)"])
    created_at: Time
    last_used_at: Time
    expires_at: Time
    current: bool


class SessionList(Schema):
    sessions: tuple[SessionShown, ...]


@router.post("", status_code=201, dependencies=[SAFE_WRITE])
@refuses(Unauthenticated, RateLimited, Busy)
async def log_in(
    request: Request, body: NewSession, services: Served, response: Response
) -> SignedIn | LoggedInByCookie:
    """Log in. A wrong password and an unknown name get the same answer after the same time."""
    account, _, token = await services.authentication.log_in(
        body.user_id, body.password, address_of(request, services), label_of(request)
    )
    return answer(request, response, services, profile_of(account), token, in_cookie=body.cookie)


@router.get("", dependencies=[READ])
async def index(login: LoggedIn, services: Served) -> SessionList:
    """The login sessions of the caller, the oldest first."""
    id = _own(login)
    found = await services.people.sessions.of_user(login.actor.uid)
    return SessionList(
        sessions=tuple(
            SessionShown(
                id=session.id,
                label=session.label,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                expires_at=session.expires_at,
                current=session.id == id,
            )
            for session in found
        )
    )


@router.delete("", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def end_others(login: LoggedIn, services: Served) -> None:
    """Log out everywhere else: end all other sessions. Their sockets close with 4505."""
    await services.people.sessions.revoke_all(login.actor.uid, but=_own(login))


@router.delete("/current", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(NotFound)
async def end_current(request: Request, login: LoggedIn, services: Served, response: Response) -> None:
    """Log out. The sockets of the session close with 4505. A guest ends: the name is free and the token invalid."""
    if login.session is None and not login.external:
        await services.people.guests.end(login.actor)
    else:
        await services.people.sessions.revoke(login.actor.uid, _own(login))
    cookie.clear(request, response, services.settings)


@router.delete("/{session}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(NotFound)
async def end(session: Annotated[str, Path(examples=[SESSION])], login: LoggedIn, services: Served) -> None:
    """End one of the caller's sessions. Its sockets close with 4505. 404 for the sessions of others and unknown ones."""
    _own(login)
    await services.people.sessions.revoke(login.actor.uid, session)


def answer(
    request: Request, response: Response, services: Services, user: Profile, token: str, *, in_cookie: bool
) -> SignedIn | LoggedInByCookie:
    """The response to a new session. The token is either in the body or in the cookie."""
    if in_cookie:
        cookie.write(request, response, services.settings, token)
        return LoggedInByCookie(user=user)
    return SignedIn(user=user, token=token)


def label_of(request: Request) -> str:
    """The User-Agent, by which the owner of a session recognises it."""
    return "".join(c for c in request.headers.get("user-agent", "") if c.isprintable())


def _own(login: Login) -> str:
    if login.session is None:
        raise Forbidden("forbidden.guest")
    return login.session
