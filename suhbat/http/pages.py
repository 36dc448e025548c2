"""The pages at `/` and `/setup` and their files, as they lie in `suhbat/web/`."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parent.parent / "web"

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
"""What is served, and as what. Python asks the Windows registry, which may call JavaScript plain text."""


class Files(StaticFiles):
    """Files of one directory, each with the type that its name says here; checked for changes at each use."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        media_type = MEDIA_TYPES.get(PurePath(full_path).suffix)
        if media_type is not None:
            response.headers["content-type"] = media_type
        response.headers["cache-control"] = "no-cache"
        return response


def install(app: FastAPI, directory: Path = WEB) -> None:
    """Serve `/`, `/setup` and `/web/*` from `directory`."""

    @app.get("/", include_in_schema=False)
    async def start() -> FileResponse:
        headers = {"cache-control": "no-cache"}
        return FileResponse(directory / "index.html", media_type=MEDIA_TYPES[".html"], headers=headers)

    @app.get("/setup", include_in_schema=False)
    async def setup() -> FileResponse:
        headers = {"cache-control": "no-store"}
        return FileResponse(directory / "setup.html", media_type=MEDIA_TYPES[".html"], headers=headers)

    app.mount("/web", Files(directory=directory, check_dir=False))
