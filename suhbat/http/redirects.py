"""Redirects within this server by path alone, so that scheme, host and port stay as the user typed them."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LocalRedirects:
    """A pure ASGI layer that reduces redirects to this server to a path, which is enough (RFC 9110 §10.2.2). Starlette builds
    whole URLs from the proxy's request: with http although people use https, and without the port if `Host` lacks it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_path(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                headers = MutableHeaders(scope=message)
                target = urlsplit(headers.get("location", ""))
                if target.netloc and target.netloc == MutableHeaders(scope=scope).get("host"):
                    headers["location"] = target._replace(scheme="", netloc="").geturl() or "/"
            await send(message)

        await self._app(scope, receive, send_path if scope["type"] == "http" else send)
