"""Refusals over HTTP in the form of the Bot API."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.types import Scope

from suhbat.errors import NotFound, SuhbatError
from suhbat.programs.telegram.errors import TelegramError, answer


def is_bot_api(scope: Scope) -> bool:
    """Whether a request is for the Bot API, so that its errors have that form, too: `/bot` or `/file/bot`, a token
    with a colon, and a slash. Every request is asked this, so it takes linear time."""
    path = str(scope["path"]).removeprefix(scope.get("root_path", "")).removeprefix("/file")
    token, slash, _ = path.removeprefix("/bot").partition("/")
    return path.startswith("/bot") and bool(slash) and ":" in token


def refusal(
    request: Request, error: SuhbatError | TelegramError, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer for an error."""
    method = getattr(request.state, "method", None)
    if method is None and isinstance(error, NotFound):
        error = TelegramError("Not Found", 404)
    status, body = answer(error, method or "")
    sent = dict(headers or {})
    if "parameters" in body:
        sent["retry-after"] = str(body["parameters"]["retry_after"])
    return JSONResponse(body, status, headers=sent)
