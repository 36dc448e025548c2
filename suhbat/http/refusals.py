"""Which refusals an operation can answer: said where they are raised, gathered from its dependencies, and described.

Nothing here decides anything: it is read for the OpenAPI document, and the tests look that nothing else is answered.
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
    StorageUnavailable,
    SuhbatError,
    TooLarge,
)
from suhbat.protocol.problem import MEDIA_TYPE, problem_of
from suhbat.protocol.types import MAX_FRAME

F = TypeVar("F", bound=Callable[..., Any])
Errors = Collection[type[SuhbatError]]


def refuses(*errors: type[SuhbatError]) -> Callable[[F], F]:
    """Say of an endpoint or a dependency what it raises of its own. What it depends on says so itself; and what every
    body, parameter or conversation in a path can be refused with is known anyhow: see `refusals`."""

    def say(function: F) -> F:
        function.__dict__["refuses"] = errors
        return function

    return say


def refusals(dependant: Dependant, path: str, *, has_body: bool, has_choice: bool) -> set[type[SuhbatError]]:
    """Everything that the operation of this dependency tree can answer instead of what was asked for.

    `has_choice`: whether one of its parameters is more than any string, so that there are wrong ones.
    """
    found: set[type[SuhbatError]] = {Internal}
    for one in _tree(dependant):
        found.update(getattr(one.call, "refuses", ()))
    if Busy in found:
        found.add(StorageUnavailable)
    if has_body:
        found |= {BadRequest, TooLarge}
    if has_choice:
        found.add(BadRequest)
    if "{conversation}" in path:
        found.add(NotFound)
    return found


def _tree(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from _tree(one)


def by_status(errors: Errors) -> dict[int, list[type[SuhbatError]]]:
    """The errors of each status, both in the order of `ERRORS`."""
    found: defaultdict[int, list[type[SuhbatError]]] = defaultdict(list)
    for error in ERRORS:
        if error in errors:
            found[error.status].append(error)
    return found


def name_of(errors: Errors) -> str:
    """What the response that tells of these errors is called in the document."""
    return "_or_".join(error.code for error in errors)


def response(errors: Errors) -> dict[str, Any]:
    """The response of one status: the `code`s that it can have, and for each the answer as the server writes it."""
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
    """One such error, with something in every placeholder that a text has."""
    reason = "name.scripts" if error is InvalidName else "bad_character"
    wait = 1.5 if error.retryable else None
    return error(retry_after=wait, user_id="ali", reason=reason, limit=MAX_FRAME, seconds=1.5)
