"""Serves the web client and the page to try the simple dialect, unchanged from `suhbat/web/`."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from suhbat.protocol.headers import CONTENT_SECURITY_POLICY

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
"""Media types by suffix. Python's own table includes the Windows registry, which may call JavaScript plain text."""


class Files(StaticFiles):
    """The files of one directory with the media types above. Browsers revalidate them at each use."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        media_type = MEDIA_TYPES.get(PurePath(full_path).suffix)
        if media_type is not None:
            response.headers["content-type"] = media_type
        response.headers["cache-control"] = "no-cache"
        return response


POLICY = (
    CONTENT_SECURITY_POLICY
    + "; manifest-src 'self'; worker-src 'self'; require-trusted-types-for 'script'; trusted-types suhbat"
)
"""The policy of our own pages. Even a mistake in our scripts cannot turn a text into markup or code (W3C Trusted Types)."""


def install(app: FastAPI, directory: Path = WEB) -> None:
    """Serve the client at `/` and `/setup`, the page for the simple dialect at `/try`, and `/web/*` from `directory`."""

    def file(name: str, cache: str = "no-cache") -> FileResponse:
        headers = {"cache-control": cache, "content-security-policy": POLICY}
        return FileResponse(directory / name, media_type=MEDIA_TYPES[PurePath(name).suffix], headers=headers)

    @app.get("/", include_in_schema=False)
    async def client() -> FileResponse:
        return file("index.html")

    @app.get("/setup", include_in_schema=False)
    async def setup() -> FileResponse:
        return file("index.html", "no-store")

    @app.get("/try", include_in_schema=False)
    async def try_out() -> FileResponse:
        return file("try.html")

    @app.get("/sw.js", include_in_schema=False)
    async def worker() -> FileResponse:
        return file("sw.js")  # beside the page, because a service worker controls only the paths below its own

    @app.get("/manifest.webmanifest", include_in_schema=False)
    async def manifest() -> FileResponse:
        return file("manifest.webmanifest")

    app.mount("/web", Files(directory=directory, check_dir=False))
