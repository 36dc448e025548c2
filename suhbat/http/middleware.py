"""The pure ASGI middleware of the HTTP side. Each class leaves connections other than HTTP alone."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suhbat.errors import InvalidPayload, TooLarge
from suhbat.programs.hooks.incoming.payload import MOST_BYTES
from suhbat.protocol.headers import DEFAULT_HEADERS, fixed_headers
from suhbat.protocol.types import MAX_FRAME

from .media import FORM, OF_UPLOADS, has_body, is_to_hook, is_upload, media_type
from .problem import problem
from .telegram.answers import is_bot_api

STALLED_SECONDS = 60.0
"""How long a body may stand still."""


class SafeHeaders:
    """Adds the security headers of `protocol.headers` to every response. It belongs around the whole application, because
    Starlette answers an unexpected error outside of the application's own middleware."""

    def __init__(self, app: ASGIApp, public_url: str | None = None) -> None:
        self._app = app
        self._always = fixed_headers(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._always.items():
                    headers[name] = value
                for name, value in DEFAULT_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


class LocalRedirects:
    """Reduces a redirect to this server to its path, which is enough (RFC 9110 §10.2.2). Starlette builds a whole URL from
    the proxy's request: with http although people use https, and without the port if `Host` lacks it."""

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


class HeadAsGet:
    """Answers HEAD as GET, with the same headers and without the body (RFC 9110 §9.3.2). An endpoint that would read much for
    nothing can look at `asked` in the scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or is_upload(scope):
            await self._app(scope, receive, send)
            return

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy of the scope: the server reads its own to know that no body follows.
        await self._app({**scope, "method": "GET", "asked": "HEAD"}, receive, send_headers)


class PromptBody:
    """Answers 408 when nothing of a body has come for STALLED_SECONDS: a client that has gone, or one that wants to keep
    connections open for nothing (slowloris). What an upload received until then is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        is_whole = False

        async def receive_promptly() -> Message:
            nonlocal is_whole
            if is_whole:
                return await receive()  # the end of the connection, for which an answer may wait as long as it takes
            try:
                async with asyncio.timeout(STALLED_SECONDS):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
            is_whole = not message.get("more_body", False)
            return message

        await self._app(scope, receive_promptly, send)


class BoundedBody:
    """Limits request bodies to `limit` bytes. A body with Content-Length is refused before it is read, another one once it
    exceeds the limit. Uploads are left alone, and what is sent to incoming webhooks may have MOST_BYTES. (FastAPI's own limit
    would answer in plain text.)"""

    def __init__(self, app: ASGIApp, limit: int = MAX_FRAME) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        kind = media_type(request.headers)
        if (is_upload(scope) and kind in OF_UPLOADS) or (is_bot_api(scope) and kind == FORM):
            await self._app(scope, receive, send)
            return
        is_hook = is_to_hook(scope)
        limit = MOST_BYTES if is_hook else self._limit
        announced = request.headers.get("content-length", "0")
        if not announced.isdecimal() or len(announced) > 18 or int(announced) > limit:
            if is_hook:
                request.app.state.services.counts.hook_posts.add("invalid")
            await problem(request, InvalidPayload() if is_hook else TooLarge(limit=limit))(scope, receive, send)
            return
        left = limit
        # uvicorn with httptools drops the body of a request that offers to upgrade the protocol. `suhbat serve` reads it.
        may_be_lost = int(announced) > 0 and "upgrade" in request.headers

        async def receive_bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                if is_hook:
                    raise InvalidPayload()
                raise HTTPException(413)
            if may_be_lost and left == limit and not message.get("more_body", False):
                raise HTTPException(400, "body_lost")
            return message

        await self._app(scope, receive_bounded, send)
