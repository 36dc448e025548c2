"""Whether an answer is one that the OpenAPI document knows: asked of every answer that a test over HTTP gets."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suhbat.config import Settings
from suhbat.protocol.problem import MEDIA_TYPE
from suhbat.runtime.app import create_app


@cache
def document() -> dict[str, Any]:
    """The document of a server with its defaults."""
    described: dict[str, Any] = create_app(Settings(data=Path("never-made"))).fastapi.openapi()
    return described


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation by method and path, references to responses followed."""
    shared = document()["components"]["responses"]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            responses = {
                int(status): shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
                for status, answer in operation["responses"].items()
            }
            found[method.upper(), path] = operation | {"responses": responses}
    return found


def operation_of(method: str, url: str) -> tuple[str, str] | None:
    """Which operation a request is for; None for what is not of the API, and for a method that a path does not take."""
    path = urlsplit(url).path
    return next(((method, template) for template, pattern in _patterns(method) if pattern.fullmatch(path)), None)


@cache
def _patterns(method: str) -> list[tuple[str, re.Pattern[str]]]:
    """The paths that take a method. The router takes the first that fits; here the one with the fewest variables is that."""
    templates = sorted((path for asked, path in operations() if asked == method), key=lambda path: path.count("{"))
    return [(template, re.compile(re.sub(r"{\w+}", "[^/]+", template))) for template in templates]


@cache
def codes(operation: tuple[str, str]) -> dict[int, set[str]]:
    """By status: the codes of problems that the operation is said to answer."""
    return {
        status: set(answer["content"][MEDIA_TYPE]["schema"]["allOf"][1]["properties"]["code"]["enum"])
        for status, answer in operations()[operation]["responses"].items()
        if status >= 400
    }


def check(method: str, url: str, status: int, body: Any) -> None:
    """Assert that the operation's status, and with a problem its code, are in the document."""
    operation = operation_of(method, url)
    if operation is None:
        return
    told = codes(operation)
    assert status in operations()[operation]["responses"], f"{operation}: {status} is not documented"
    if status >= 400:
        assert body["code"] in told[status], f"{operation}: {status} with {body['code']} is not documented"
