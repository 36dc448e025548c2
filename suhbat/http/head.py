"""`HEAD` for every `GET` (RFC 9110 §9.3.2), for monitors and for clients that look before they fetch."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """A pure ASGI layer: answers HEAD as GET, with the headers and without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy of the scope: the server reads its own to know that no body follows.
        await self._app({**scope, "method": "GET"}, receive, send_headers)
