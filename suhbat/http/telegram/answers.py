"""Refusals over HTTP in the form of the Bot API."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.types import Scope

from suhbat.errors import NotFound, SuhbatError
from suhbat.programs.telegram.errors import TelegramError, answer

_PATH = re.compile(r"/(?:file/)?bot[^/]*:[^/]*/")


def is_bot_api(scope: Scope) -> bool:
    """Whether a request is for the Bot API, so that its errors have that form, too."""
    path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return path.startswith(("/bot", "/file/bot")) and _PATH.match(path) is not None


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
