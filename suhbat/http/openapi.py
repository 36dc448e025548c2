"""`/openapi.json`: FastAPI's document, completed with every error and with examples."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from suhbat.errors import BadRequest, InvalidName, NameTaken
from suhbat.protocol.examples import example
from suhbat.protocol.problem import Problem

from .refusals import Errors, by_status, name_of, refusals, response

OUTSIDE: Errors = (BadRequest, NameTaken, InvalidName)
"""Errors of `identity.external` when it makes an account."""
FREE = {"type": "string"}
"""The schema of a parameter that accepts every string."""


def install(app: FastAPI, *, outside: bool) -> None:
    """Make `app` serve this document. `outside`: another application names the users, so its errors are possible too."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(generate(), app, OUTSIDE if outside else ())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way to extend the document


def _complete(document: dict[str, Any], app: FastAPI, outside: Errors) -> None:
    components = document["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = Problem.model_json_schema(mode="serialization")
    components["responses"] = {}
    routes = {
        (route.path_format, method.lower()): route
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["summary"] = operation["description"].partition(". ")[0].removesuffix(".")
            operation["responses"].pop("422", None)  # FastAPI adds it by default; this server answers 400 instead
            _add_examples(operation, components["schemas"])
            _add_errors(operation, routes[path, method], components["responses"], outside)


def _add_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add examples of the body, of the parameters in the path, and of each successful response."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["example"] = example(parameter["schema"], schemas)
    for answer in (operation.get("requestBody", {}), *operation["responses"].values()):
        for content in answer.get("content", {}).values():
            if "schema" in content:
                content["example"] = example(content["schema"], schemas)


def _add_errors(operation: dict[str, Any], route: RouteContext, described: dict[str, Any], outside: Errors) -> None:
    """Add the error responses: each status with its codes."""
    found = refusals(
        route.dependant,
        route.path_format or "",
        has_body="requestBody" in operation,
        has_choice=any(not _is_free(parameter["schema"]) for parameter in operation.get("parameters", ())),
    )
    if "security" in operation:
        found.update(outside)
    for status, errors in sorted(by_status(found).items()):
        described.setdefault(name_of(errors), response(errors))
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name_of(errors)}"}


def _is_free(schema: dict[str, Any]) -> bool:
    return {key: value for key, value in schema.items() if key not in _NOTES} == FREE


_NOTES = {"title", "description", "default", "examples"}
