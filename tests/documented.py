"""Checks that an answer is documented in the OpenAPI document. Applied to every answer that an HTTP test gets."""

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
    """The document of a server with default settings."""
    described: dict[str, Any] = create_app(Settings(data=Path("never-made"))).fastapi.openapi()
    return described


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation by method and path, with references to responses resolved."""
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
    """The operation of a request. None if the path is not part of the API or does not support the method."""
    path = urlsplit(url).path
    return next(((method, template) for template, pattern in _patterns(method) if pattern.fullmatch(path)), None)


@cache
def _patterns(method: str) -> list[tuple[str, re.Pattern[str]]]:
    """The paths that support a method. Those with the fewest variables come first, because the router takes the first
    match."""
    templates = sorted((path for asked, path in operations() if asked == method), key=lambda path: path.count("{"))
    return [(template, re.compile(re.sub(r"{\w+}", "[^/]+", template))) for template in templates]


@cache
def codes(operation: tuple[str, str]) -> dict[int, set[str]]:
    """The documented problem codes of an operation, by status."""
    return {
        status: set(answer["content"][MEDIA_TYPE]["schema"]["allOf"][1]["properties"]["code"]["enum"])
        for status, answer in operations()[operation]["responses"].items()
        if status >= 400
    }


def check(method: str, url: str, status: int, body: Any) -> None:
    """Assert that the status, and for a problem the code, is documented for the operation."""
    operation = operation_of(method, url)
    if operation is None:
        return
    told = codes(operation)
    assert status in operations()[operation]["responses"], f"{operation}: {status} is not documented"
    if status >= 400:
        assert body["code"] in told[status], f"{operation}: {status} with {body['code']} is not documented"
