"""The cookie of a browser's session: out of reach of scripts, and not sent by pages of others."""

from __future__ import annotations

from fastapi import Request, Response

from suhbat.config import Settings
from suhbat.identity.cookie import NAME, token_in
from suhbat.identity.sessions import KEPT


def read(request: Request) -> str | None:
    """The token in the request's cookie; None without one."""
    return token_in(request.headers.get("cookie", ""))


def write(request: Request, response: Response, settings: Settings, token: str) -> None:
    """Put a token into the cookie. Lax keeps it from what other sites post; a link to here still finds one logged in."""
    response.set_cookie(
        NAME,
        token,
        max_age=KEPT // 1000,
        path=_path(request),
        secure=_is_secure(request, settings),
        httponly=True,
        samesite="lax",
    )


def clear(request: Request, response: Response, settings: Settings) -> None:
    """Take the cookie away."""
    response.delete_cookie(
        NAME, path=_path(request), secure=_is_secure(request, settings), httponly=True, samesite="lax"
    )


def _path(request: Request) -> str:
    """Below another application only its part of the site gets the cookie."""
    return str(request.scope.get("root_path", "")).rstrip("/") or "/"


def _is_secure(request: Request, settings: Settings) -> bool:
    # A proxy's word is enough here: who lies about it only keeps the cookie from themselves.
    told = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return "https" in (request.url.scheme, told) or (settings.public_url or "").startswith("https://")
