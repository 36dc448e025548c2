"""No request body above 64 KiB, whether its length is announced or not. (FastAPI's own limit answers in plain text.)"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suhbat.errors import TooLarge
from suhbat.protocol.types import MAX_FRAME

from .problem import problem


class BoundedBody:
    """A pure ASGI layer. An announced length is refused before anything is read; another, when it has grown too far."""

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
        # uvicorn over httptools reads no body behind an offer of another protocol; `suhbat serve` does.
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
