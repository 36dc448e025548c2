"""Mounts Suhbat in another FastAPI or Starlette application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette

from suhbat.config import Settings
from suhbat.identity.external import Authenticate

from .embedding import EmbeddedChat


def mount(
    app: Starlette, path: str, *, settings: Settings | None = None, authenticate: Authenticate | None = None
) -> EmbeddedChat:
    """Mount Suhbat below `path` (such as "/chat"), and start and stop it with `app`.

    `settings`: read from the environment and suhbat.toml if not given. `authenticate`: identifies the user of a request,
    `(Asked) -> ExternalPerson | None`, also async; without it people log in to Suhbat. Call before the application starts.
    """
    if not path.startswith("/") or path.endswith("/"):
        raise ValueError(f'the path must be like "/chat", not {path!r}')
    settings = settings or Settings()
    if settings.root_path is None:  # for links outside of requests, such as those in pushes
        settings = settings.model_copy(update={"root_path": path})
    suhbat = EmbeddedChat(settings, authenticate, path)
    around = app.router.lifespan_context

    @asynccontextmanager
    async def both(outer: Any) -> AsyncIterator[Any]:
        async with around(outer) as state, suhbat.lifespan(suhbat.fastapi):
            yield state

    app.router.lifespan_context = both
    app.mount(path, suhbat)
    return suhbat
