"""The FastAPI application: its middleware, its routers, its documents."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI

from suhbat import __version__
from suhbat.services import Services

from . import (
    accounts,
    asyncapi,
    bot_commands,
    bots,
    control,
    conversations,
    docs,
    downloads,
    email,
    event_stream,
    export,
    guests,
    health,
    hooks,
    inbox,
    incoming_hooks,
    invites,
    me,
    members,
    messages,
    moderation,
    openapi,
    outgoing_hooks,
    pages,
    password_resets,
    pictures,
    problem,
    push,
    reactions,
    search,
    server,
    sessions,
    shared_files,
    sockets,
    threads,
    tickets,
    unsubscribe,
    uploads,
    users,
)
from .cross_origin import CrossOrigin
from .mcp import routes as mcp
from .middleware import BoundedBody, HeadAsGet, LocalRedirects, PromptBody
from .routing import take
from .telegram import routes as telegram

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]

DESCRIPTION = """A self-hosted chat server. Take a name with `POST /api/v1/guests` or an account with
`POST /api/v1/accounts`, send its token as `Authorization: Bearer …`, write to the conversation `lobby`. Live events come
over WebSockets: see `/asyncapi.json`. Every error is `application/problem+json` with a `code` that never changes; each
operation lists all statuses and codes that it can answer with."""


def build(services: Services, streams: event_stream.Streams, lifespan: Lifespan | None = None) -> FastAPI:
    """Make the application over these services and event streams. The caller wraps it in `middleware.SafeHeaders`."""
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
    )
    app.state.services = services
    app.state.streams = streams
    problem.install(app)
    app.add_middleware(BoundedBody)
    app.add_middleware(PromptBody)
    app.add_middleware(HeadAsGet)
    app.add_middleware(LocalRedirects)
    app.add_middleware(CrossOrigin, origins=services.settings.origins)
    for module in (
        server, accounts, sessions, guests, tickets, me, users, invites, conversations, members, messages, reactions, threads,
        inbox, hooks, outgoing_hooks, bots, bot_commands,
        search, moderation, export, uploads, shared_files, pictures, push, email, password_resets, event_stream,
        downloads, incoming_hooks, telegram, mcp, health, asyncapi, sockets, control, unsubscribe,
    ):  # fmt: skip
        take(app, module.router)
    docs.install(app)
    pages.install(app)
    openapi.install(app, outside=services.external is not None)
    return app
