"""The SDK's few HTTP requests, made with the standard library in a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from suhbat.protocol.objects import Person, User

from .errors import Refused

TIMEOUT_SECONDS = 10.0
ASKED_AT_ONCE = 50
"""Users of one request, at most."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server's addresses: `http` of its HTTP API, `socket` of v1."""

    http: str
    socket: str

    @classmethod
    def of(cls, url: str) -> Self:
        """From http, https, ws or wss, with the root path if it has one. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
            raise ValueError(f"an address is like http://localhost:8000 or https://chat.example.org, not {url!r}")
        secure = "s" if parts.scheme in ("https", "wss") else ""
        base = f"{parts.netloc}{parts.path.rstrip('/')}/api/v1"
        return cls(http=f"http{secure}://{base}", socket=f"ws{secure}://{base}/ws")


async def new_guest(url: str, user_id: str) -> tuple[User, str]:
    """Make a guest with this name; gives the user and its token.

    Raises Refused (`name_in_use`, `invalid_name`, `forbidden` …), and OSError if the server cannot be reached.
    """
    status, answer = await _ask(f"{Address.of(url).http}/guests", None, {"user_id": user_id})
    if status != 201:
        raise refusal_of(status, answer)
    return User.model_validate(answer["user"]), answer["token"]


async def end_guest(url: str, token: str) -> None:
    """End a guest, so that its name is free again. If the server cannot be reached, it keeps the name for a while."""
    with suppress(OSError):
        await _ask(f"{Address.of(url).http}/sessions/current", token, method="DELETE")


async def people_of(url: str, token: str, uids: Collection[str]) -> list[Person]:
    """The users with these uids and their display names, also those who have left. Unknown uids are left out.

    One request for each 50 of them. Raises Refused, and OSError if the server cannot be reached.
    """
    wanted, found = list(dict.fromkeys(uids)), list[Person]()
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        query = urlencode([("uid", uid) for uid in wanted[start : start + ASKED_AT_ONCE]])
        status, answer = await _ask(f"{Address.of(url).http}/users?{query}", token)
        if status != 200:
            raise refusal_of(status, answer)
        found += map(Person.model_validate, answer["users"])
    return found


async def ask_for_password(url: str, user_id: str) -> None:
    """Have a link to a new password mailed to an account, by its name or its address. It returns whether there is such an
    account or not, and also if the server sends no mails. Raises Refused, and OSError if it cannot be reached."""
    await _good(url, "POST", "password-resets", {"user_id": user_id})


async def reset_password(url: str, code: str, password: str) -> None:
    """Set a new password with the code of a mailed link, which ends all login sessions. Raises as `ask_for_password`."""
    await _good(url, "PUT", "password-resets", {"code": code, "password": password})


async def confirm_email(url: str, code: str) -> None:
    """Confirm an e-mail address with the code of a mailed link. Raises as `ask_for_password`."""
    await _good(url, "POST", "email-confirmations", {"code": code})


async def who_am_i(address: Address, token: str) -> Refused | None:
    """Why the token is refused. None if it is valid, or if that cannot be determined now. (See the last section of
    docs/reference/close-codes.md.)"""
    try:
        status, answer = await _ask(f"{address.http}/me", token)
    except OSError:
        return None
    return refusal_of(status, answer) if status in (401, 403) else None


async def _good(url: str, method: str, path: str, body: object) -> None:
    status, answer = await _ask(f"{Address.of(url).http}/{path}", None, body, method)
    if status not in (202, 204):
        raise refusal_of(status, answer)


async def _ask(
    url: str, token: str | None, body: object = None, method: str | None = None
) -> tuple[int, dict[str, Any]]:
    return await asyncio.to_thread(_request, url, token, body, method)


def _request(url: str, token: str | None, body: object, method: str | None) -> tuple[int, dict[str, Any]]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    request = Request(url, data, headers, method=method)  # noqa: S310 (Address lets http and https through, nothing else)
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # nosec B310
            return response.status, json_object(response.read())
    except HTTPError as refused:
        with refused:
            return refused.code, json_object(refused.read())


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Empty if the body is none, as from a proxy."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def refusal_of(status: int, answer: dict[str, Any]) -> Refused:
    code = answer.get("code") or {401: "unauthenticated", 403: "forbidden", 429: "rate_limited", 503: "busy"}.get(
        status
    )
    return Refused(code or "internal", answer.get("detail") or f"HTTP {status}", answer.get("retry_after"))
