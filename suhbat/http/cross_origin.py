"""Files for pages of other origins: those of the setting `origins` may upload, show and read them (CORS,
https://fetch.spec.whatwg.org/#http-cors-protocol). Never with cookies: such a page sends a token."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suhbat.identity.origin import listed

from .media import is_download, is_upload

METHODS = "GET, HEAD, POST, PATCH, DELETE"
SENT = (
    "Authorization, Content-Type, If-Match, If-None-Match, If-Range, Range, Tus-Resumable, Upload-Checksum, Upload-Length, "
    "Upload-Metadata, Upload-Offset, X-Request-ID, X-Requested-With"
)
"""Headers that such a page may send: those of tus 1.0.0 and of its clients, and those of downloads."""
READ = (
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Location, Retry-After, Tus-Checksum-Algorithm, "
    "Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset"
)
"""Headers that it may read."""
LASTS_SECONDS = 3600
"""How long a browser need not ask again."""


class CrossOrigin:
    """`origins`: the listed ones. For all others, and for everything that is not about files, nothing changes."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._origins or scope["type"] != "http" or not (is_upload(scope) or is_download(scope)):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        added: dict[str, str] = {}
        if (origin := asked.get("origin")) is not None and listed(origin, self._origins):
            added |= {"access-control-allow-origin": origin, "cross-origin-resource-policy": "cross-origin"}
            if scope["method"] == "OPTIONS" and "access-control-request-method" in asked:
                added |= {
                    "access-control-allow-methods": METHODS,
                    "access-control-allow-headers": SENT,
                    "access-control-max-age": str(LASTS_SECONDS),
                    "vary": "Origin",
                }
                await Response(None, 204, added)(scope, receive, send)
                return
            added["access-control-expose-headers"] = READ

        async def send_shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(added)
                headers.add_vary_header("Origin")
            await send(message)

        await self._app(scope, receive, send_shared)
