"""The session cookie of a browser. Scripts cannot read it, and a browser does not send it with requests of other sites."""

from __future__ import annotations

from fastapi import Request, Response

from suhbat.config import Settings
from suhbat.identity.cookie import NAME, token_in
from suhbat.identity.live_sessions import SESSION_KEPT


def read(request: Request) -> str | None:
    """The token in the request's cookie, or None."""
    return token_in(request.headers.get("cookie", ""))


def write(request: Request, response: Response, settings: Settings, token: str) -> None:
    """Set the cookie. SameSite=Lax keeps it from requests that other sites make, except for following a link to this site."""
    response.set_cookie(
        NAME,
        token,
        max_age=SESSION_KEPT // 1000,
        path=_path(request),
        secure=_is_secure(request, settings),
        httponly=True,
        samesite="lax",
    )


def clear(request: Request, response: Response, settings: Settings) -> None:
    """Delete the cookie."""
    response.delete_cookie(
        NAME, path=_path(request), secure=_is_secure(request, settings), httponly=True, samesite="lax"
    )


def _path(request: Request) -> str:
    """The root path, so that a mounted Suhbat alone gets the cookie, not the application around it."""
    return str(request.scope.get("root_path", "")).rstrip("/") or "/"


def _is_secure(request: Request, settings: Settings) -> bool:
    # The header needs no trusted proxy: a client that forges it only makes its own cookie unusable.
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return "https" in (request.url.scheme, forwarded) or (settings.public_url or "").startswith("https://")
