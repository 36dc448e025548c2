"""The HTTP side of the server, put together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from suhbat import __version__
from suhbat.protocol.problem import Problem

from . import (
    accounts,
    asyncapi,
    control,
    conversations,
    docs,
    examples,
    export,
    guests,
    health,
    invites,
    me,
    members,
    messages,
    order,
    pages,
    problem,
    refusals,
    search,
    server,
    sessions,
    sockets,
    tickets,
    users,
)
from .body import BoundedBody
from .headers import SafeHeaders
from .parts import Parts

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]

PREFIX = "/api/v1"

DESCRIPTION = """A self-hosted chat server. Take a name with `POST /api/v1/guests` or an account with
`POST /api/v1/accounts`, send its token as `Authorization: Bearer …`, write to the conversation `lobby`. Live events come
over WebSockets: see `/asyncapi.json`. Every failure is `application/problem+json` with a `code` that never changes."""


def build(parts: Parts, lifespan: Lifespan | None = None) -> FastAPI:
    """An application over these parts; it constructs nothing of the chat itself."""
    app = FastAPI(
        title="Suhbat",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
        license_info={"name": "MIT", "identifier": "MIT"},
        generate_unique_id_function=lambda route: f"{route.tags[0]}.{route.name}" if route.tags else route.name,
    )
    app.state.parts = parts
    problem.install(app)
    app.add_middleware(BoundedBody)
    app.add_middleware(SafeHeaders)
    version = APIRouter(prefix=PREFIX)
    resources = (
        server, accounts, sessions, guests, tickets, me, users, invites, conversations, members, messages, search,
        order, export,
    )  # fmt: skip
    for resource in resources:
        version.include_router(resource.router)
    for router in (version, health.router, asyncapi.router, sockets.router, control.router):
        app.include_router(router)
    docs.install(app)
    pages.install(app)
    _describe_failures(app)
    return app


def _describe_failures(app: FastAPI) -> None:
    """In the OpenAPI document every failure is a Problem with its codes; the 422 that FastAPI assumes does not happen here."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = generate()
        for context in iter_route_contexts(app.routes):
            route = context.route
            if not isinstance(route, APIRoute) or not route.include_in_schema:
                continue
            for method in route.methods or ():
                operation = document["paths"][context.path][method.lower()]
                operation["summary"] = operation["description"].partition(". ")[0].removesuffix(".")
                examples.fill(operation, document["components"]["schemas"])
                errors = refusals.that_follow(route.dependant, has_body=route.body_field is not None)
                refusals.of(operation, errors)
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = Problem.model_json_schema(mode="serialization")
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way to extend the document
