"""Limits request bodies to 64 KiB, with or without Content-Length. (FastAPI's own limit would answer in plain text.)"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suhbat.errors import TooLarge
from suhbat.protocol.types import MAX_FRAME

from .problem import problem


class BoundedBody:
    """A pure ASGI layer. With Content-Length a large body is refused before it is read; without, once it exceeds the limit."""

    def __init__(self, app: ASGIApp, limit: int = MAX_FRAME) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        announced = request.headers.get("content-length", "0")
        if not announced.isdecimal() or len(announced) > 18 or int(announced) > self._limit:
            await problem(request, TooLarge(limit=self._limit))(scope, receive, send)
            return
        left = self._limit
        # uvicorn with httptools drops the body of a request that offers to upgrade the protocol. `suhbat serve` reads it.
        may_be_lost = int(announced) > 0 and "upgrade" in request.headers

        async def receive_bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)
            if may_be_lost and left == self._limit and not message.get("more_body", False):
                raise HTTPException(400, "body_lost")
            return message

        await self._app(scope, receive_bounded, send)
