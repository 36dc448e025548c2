"""Errors as `application/problem+json` (RFC 9457), with the same `code`s as on the sockets."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from suhbat.chat import tarpit
from suhbat.errors import BadRequest, Internal, NotFound, RequestTimeout, SuhbatError, TooLarge
from suhbat.identity.address import metered
from suhbat.protocol.machine import json_reason
from suhbat.protocol.problem import MEDIA_TYPE, problem_of
from suhbat.protocol.types import MAX_FRAME
from suhbat.services import Services
from suhbat.texts import REASONS, Language, choose

from .dependencies import address_of
from .telegram.answers import is_bot_api, refusal


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(SuhbatError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    # Starlette sends this answer and raises the exception again, so that the server logs it whole.
    app.add_exception_handler(Exception, _unexpected)


def problem(
    request: Request, error: SuhbatError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The problem document for `error`, in the user's language; for the Bot API its own form. `status` overrides that of the
    error."""
    request.app.state.services.counts.refuse("http", error.code)
    if is_bot_api(request.scope):
        return refusal(request, error, headers)
    status = status or error.status
    language = language_of_request(request)
    sent = {"content-language": language, **getattr(request.state, "headers", {}), **(headers or {})}
    if error.retry_after is not None:
        sent["retry-after"] = str(max(1, ceil(error.retry_after)))  # whole seconds: RFC 9110 §10.2.3
    if status == HTTPStatus.UNAUTHORIZED:
        sent["www-authenticate"] = "Bearer"
    content = problem_of(error, language, status).model_dump(mode="json")
    return JSONResponse(content, status, headers=sent, media_type=MEDIA_TYPE)


def language_of_request(request: Request) -> Language:
    """The language of the request's `lang`, or of the account, or of the browser, in this order."""
    asked = request.query_params.get("lang") or getattr(request.state, "locale", None)
    return choose(request.headers.get("accept-language", ""), asked)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SuhbatError)
    waited = await wait_before(request, error)
    return problem(request, error, headers=None if waited else {"connection": "close"})


async def wait_before(request: Request, error: SuhbatError) -> bool:
    """Delay the answer with this error if its address exceeds its limits all the time. False: the connection should be closed
    instead."""
    if error.code not in tarpit.CODES:
        return True
    services: Services = request.app.state.services
    return await services.limits.tarpit.wait(metered(address_of(request, services)), services.clock.steady())


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        text = error.body if isinstance(error.body, str) else ""
        return problem(request, BadRequest(reason=json_reason(text)))
    return problem(request, BadRequest(reason=_reason(first)))


async def _http(request: Request, error: Exception) -> JSONResponse:
    """Answer errors of Starlette and FastAPI: an unknown path, a method that is not allowed, a body that is not JSON."""
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem(request, NotFound())
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem(request, NotFound("not_found.method", method=request.method), 405, error.headers)
    if error.status_code == HTTPStatus.REQUEST_TIMEOUT:
        return problem(request, RequestTimeout(retry_after=1), headers={"connection": "close"})
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem(request, TooLarge(limit=MAX_FRAME))
    if error.status_code == HTTPStatus.BAD_REQUEST and error.detail not in REASONS:
        return problem(request, BadRequest(reason="not_json"))
    return problem(request, BadRequest(reason=str(error.detail)), error.status_code, error.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return problem(request, Internal())


def _reason(first: Mapping[str, Any]) -> str:
    """The reason of the first validation error: a key of `texts.REASONS`, or a phrase that names the field."""
    kind = first["type"]
    path = [str(part) for part in first["loc"][1:]]
    field = f'"{".".join(path)}"' if path else "the body"
    if not path and kind in ("model_attributes_type", "model_type", "dict_type", "missing"):
        return "not_object"
    if kind == "missing":
        return f"{field} is missing"
    if kind == "string_unicode":
        return "bad_character"
    if kind == "string_type":
        return f"not_string:{field}"
    if kind in ("string_too_long", "string_too_short") and path[-1:] == ["text"]:
        return "long_text" if kind == "string_too_long" else "empty_text"
    cause = str(first.get("ctx", {}).get("error", ""))
    return cause if cause in REASONS else f"{field}: {cause or first['msg']}"
