"""The errors that an operation can answer with. Endpoints and dependencies declare those that they raise with `refuses`, and
`/openapi.json` lists them for each operation.

Nothing else depends on the declarations. The tests check that no operation answers with another error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant

from suhbat.errors import (
    ERRORS,
    BadRequest,
    Busy,
    Internal,
    InvalidName,
    NotFound,
    RequestTimeout,
    StorageUnavailable,
    SuhbatError,
    TooLarge,
)
from suhbat.protocol.problem import MEDIA_TYPE, problem_of
from suhbat.protocol.tus import MEDIA_TYPE as TUS_TYPE
from suhbat.protocol.types import MAX_FRAME

F = TypeVar("F", bound=Callable[..., Any])
Errors = Collection[type[SuhbatError]]


def refuses(*errors: type[SuhbatError]) -> Callable[[F], F]:
    """Declare the errors that an endpoint or a dependency raises itself. Its dependencies declare their own, and
    `refusals` adds those of every body, of every parameter and of a conversation in the path."""

    def declare(function: F) -> F:
        function.__dict__["refuses"] = errors
        return function

    return declare


def refusals(dependant: Dependant, path: str, *, has_body: bool, has_choice: bool) -> set[type[SuhbatError]]:
    """All errors that the operation with this dependency tree can answer with.

    `has_choice`: whether one of its parameters does not accept every string.
    """
    found: set[type[SuhbatError]] = {Internal}
    for part in _tree(dependant):
        found.update(getattr(part.call, "refuses", ()))
    if Busy in found:
        found.add(StorageUnavailable)
    if has_body:
        found |= {BadRequest, TooLarge, RequestTimeout}
    if has_choice:
        found.add(BadRequest)
    if "{conversation}" in path:
        found.add(NotFound)
    return found


def _tree(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _tree(part)


def by_status(errors: Errors) -> dict[int, list[type[SuhbatError]]]:
    """The errors of each status, both in the order of `ERRORS`."""
    found: defaultdict[int, list[type[SuhbatError]]] = defaultdict(list)
    for error in ERRORS:
        if error in errors:
            found[error.status].append(error)
    return found


def name_of(errors: Errors) -> str:
    """The name of the response with these errors in the document."""
    return "_or_".join(error.code for error in errors)


def response(errors: Errors) -> dict[str, Any]:
    """The response with these errors, which have one status: its `code`s, and an example of each as the server writes it."""
    shown = {error.code: problem_of(_instance(error), "en").model_dump(mode="json") for error in errors}
    status = next(error.status for error in errors)
    described: dict[str, Any] = {
        "description": "\n\n".join(f"`{code}`: {problem['detail']}" for code, problem in shown.items()),
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {"properties": {"status": {"const": status}, "code": {"enum": list(shown)}}},
                    ]
                },
                "examples": {code: {"value": problem} for code, problem in shown.items()},
            }
        },
    }
    headers: dict[str, Any] = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"schema": {"const": "Bearer"}}
    if any(error.retryable for error in errors):
        headers["Retry-After"] = {
            "description": "Whole seconds after which the same request may succeed.",
            "schema": {"type": "integer", "minimum": 1},
        }
    return described | ({"headers": headers} if headers else {})


def _instance(error: type[SuhbatError]) -> SuhbatError:
    """An instance of the error, with a value for every placeholder of its text."""
    reason = "name.scripts" if error is InvalidName else "bad_character"
    wait = 1.5 if error.retryable else None
    values: dict[str, Any] = {
        "user_id": "ali",
        "name": "menu",
        "reason": reason,
        "limit": MAX_FRAME,
        "left": 0,
        "seconds": 1.5,
        "type": TUS_TYPE,
    }
    return error(retry_after=wait, **values)
