"""What the OpenAPI document says of failures: for each operation every status that it can answer with, the codes under it, and
an example of each, made from the errors themselves.

Most follows from what an operation depends on. A router names only what is its own: `responses=refuses(NameTaken)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from fastapi.dependencies.models import Dependant

from suhbat.errors import (
    BadRequest,
    Busy,
    Forbidden,
    IdempotencyConflict,
    Internal,
    InvalidName,
    NameInUse,
    NameTaken,
    NotFound,
    RateLimited,
    SuhbatError,
    TooLarge,
    Unauthenticated,
    UserNotFound,
)
from suhbat.protocol.problem import MEDIA_TYPE, problem_of
from suhbat.protocol.types import MAX_FRAME

from .security import login, safe_write

Errors = type[SuhbatError]

EXAMPLES: dict[Errors, SuhbatError] = {
    BadRequest: BadRequest(reason='"text" is missing'),
    Busy: Busy(retry_after=1.0, seconds=1),
    Forbidden: Forbidden(),
    IdempotencyConflict: IdempotencyConflict(),
    Internal: Internal(),
    InvalidName: InvalidName(reason="empty"),
    NameInUse: NameInUse(user_id="ali", retry_after=10.0),
    NameTaken: NameTaken(user_id="ali"),
    NotFound: NotFound(),
    RateLimited: RateLimited(retry_after=1.5, seconds="1.5"),
    TooLarge: TooLarge(limit=MAX_FRAME),
    Unauthenticated: Unauthenticated(),
    UserNotFound: UserNotFound(user_id="ali"),
}
"""Those that HTTP answers with."""


def refuses(*errors: Errors) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: what it refuses with besides what follows from its dependencies."""
    found: dict[int | str, dict[str, Any]] = {}
    for error in sorted(set(errors), key=lambda one: one.code):
        add(found, error)
    return found


def add(responses: dict[Any, dict[str, Any]], error: Errors) -> None:
    """Put an error among the responses of an operation."""
    example = EXAMPLES[error]
    status = responses.setdefault(
        _key(responses, error.status),
        {
            "description": HTTPStatus(error.status).phrase,
            "content": {MEDIA_TYPE: {"schema": dict(SCHEMA), "examples": {}}},
        },
    )
    examples = status["content"][MEDIA_TYPE]["examples"]
    examples[error.code] = {"value": problem_of(example, "en").model_dump(mode="json")}
    status["description"] = f"{HTTPStatus(error.status).phrase}: {', '.join(f'`{code}`' for code in sorted(examples))}"


SCHEMA = {"$ref": "#/components/schemas/Problem"}


def _key(responses: dict[Any, Any], status: int) -> int | str:
    return str(status) if all(isinstance(one, str) for one in responses) else status


def that_follow(dependant: Dependant, *, has_body: bool) -> set[Errors]:
    """The errors that an operation can answer with because of what it takes."""
    found: set[Errors] = {Internal, Busy}
    calls = set(_calls(dependant))
    if login in calls:
        found |= {Unauthenticated, Forbidden, RateLimited}
    if safe_write in calls:
        found |= {Forbidden, BadRequest}
    if has_body:
        found |= {BadRequest, TooLarge}
    taken = list(_params(dependant))
    if any(name != "access_token" for name in taken):
        found.add(BadRequest)
    if any(dependant.path_params):
        found.add(NotFound)
    return found


def _calls(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


def _params(dependant: Dependant) -> Iterator[str]:
    for one in (dependant, *dependant.dependencies):
        yield from (param.name for param in (*one.path_params, *one.query_params))


def of(operation: dict[str, Any], errors: Iterable[Errors]) -> None:
    """Write the errors into an operation of the document, beside those that it has."""
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None) if "422" in responses and MEDIA_TYPE not in responses["422"].get("content", {}) else None
    for error in errors:
        add(responses, error)
    operation["responses"] = dict(sorted(responses.items()))
