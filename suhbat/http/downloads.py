"""Downloads of files. What a stranger has uploaded is served from the address of the chat, so no browser may run it there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Path, Query, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from suhbat.chat.model import StoredFile
from suhbat.errors import (
    BadRequest,
    Busy,
    Forbidden,
    NotFound,
    OutOfRange,
    PreconditionFailed,
    RateLimited,
    Unauthenticated,
)
from suhbat.files.direct import DIRECT, DirectConnection
from suhbat.files.downloads import OpenFile
from suhbat.files.kinds import inline
from suhbat.identity.address import metered

from .dependencies import Credentials, Served, address_of, login
from .problem import problem
from .ranges import Part, choose_part
from .refusals import refuses
from .routing import apart
from .uploads import FileIdPath

router = apart(tags=["files"])

_BYTES = {"*/*": {"schema": {"type": "string", "format": "binary", "examples": ["…"]}}}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes", "content": _BYTES},
    206: {"description": "A part of the bytes", "content": _BYTES},
    304: {"description": "The client has them"},
}
"""The answers of an operation that sends bytes."""
POLICY = "default-src 'none'; sandbox"
"""A file that a browser opens as a page may load nothing, run nothing, and has an origin of its own."""


class Bytes(Response):
    """A part of an open file, which is closed at the end."""

    def __init__(self, file: OpenFile, part: Part, headers: Mapping[str, str], *, is_head: bool) -> None:
        super().__init__(None, part.status, headers)
        if part.status == 304:
            del self.headers["content-length"]
        else:
            self.headers["content-length"] = str(part.length)
        self._file = file
        self._part = part
        self._is_head = is_head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if self._part.length and not self._is_head:
                await self._send_part(scope, receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._file.close()

    async def _send_part(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the part, as fast as the client takes it. A client that is gone takes everything at once, and the socket of a
        connection that the server aborted stays open while it is in use, so look for both."""
        start, length = self._part.start, self._part.length
        gone = asyncio.ensure_future(_disconnected(receive, scope.get(DIRECT)))
        try:
            if (connection := scope.get(DIRECT)) is not None:
                sent = await self._send_directly(connection, gone)
                if sent is None:
                    return
                start, length = start + sent, length - sent
            async for chunk in self._file.chunks(start, length):
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            gone.cancel()

    async def _send_directly(self, connection: DirectConnection, gone: asyncio.Future[None]) -> int | None:
        """How many bytes of the part were sent past the event loop; None if the client is gone."""
        sending = asyncio.ensure_future(self._file.send(connection, self._part.start, self._part.length))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                return await sending
        except (ConnectionError, TimeoutError):
            connection.abort()
            await gone
        finally:
            sending.cancel()
            # Its descriptors are in use until it has ended. How it ended matters to nobody any more.
            await asyncio.gather(sending, return_exceptions=True)
        return None


async def _disconnected(receive: Receive, connection: DirectConnection | None) -> None:
    """Wait until the client is gone. One that sends more of a body than it may, which nobody has asked for, is disconnected:
    the response has begun, so it cannot be told."""
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    except HTTPException:
        if connection is not None:
            connection.abort()
            await asyncio.sleep(0)  # the server hears of it in the next turn


@router.get(
    "/files/{file}/{name}",
    response_class=Response,
    responses=BYTES,
)
@refuses(Unauthenticated, Forbidden, RateLimited, Busy, NotFound, BadRequest, PreconditionFailed, OutOfRange)
async def download(
    request: Request,
    response: Response,
    services: Served,
    credentials: Credentials,
    file: FileIdPath,
    name: Annotated[str, Path(description="Its name, or any other.", examples=["choyxona.jpg"])],
    size: Annotated[
        Literal["360", "1440"] | None, Query(description="A thumbnail of an image, with this longest side in pixels.")
    ] = None,
    until: Annotated[str | None, Query(description="Of a signed link.", max_length=20)] = None,
    signature: Annotated[str | None, Query(description="Of a signed link.", max_length=64)] = None,
) -> Response:
    """The bytes of a file, or a thumbnail. Whoever may read its message may download it; before it is sent, only its owner may.
    A signed link needs no token, and counts for the rate of the address."""
    if until is not None and signature is not None:
        wait = services.limits.rates.address(metered(address_of(request, services))).take(services.clock.steady())
        if wait:
            raise RateLimited(retry_after=wait)
        if not services.links.allows(file, until, signature):
            raise NotFound()
        found = await services.store.shared_file(file)
    else:
        caller = await login(request, response, services, credentials)
        found = await services.store.readable_file(caller.actor, file)
    opened = await services.downloads.open(found, None if size is None else int(size))
    headers = headers_of(found, is_thumbnail=size is not None) | {"cache-control": "private, no-cache"}
    return await answer(request, response, opened, headers)


async def answer(request: Request, response: Response, opened: OpenFile, headers: dict[str, str]) -> Response:
    """The bytes that the request asks for. `headers`: what is said about the file. Raises PreconditionFailed."""
    part = choose_part(request.headers, opened.etag, opened.size)
    if part.status in (412, 416):
        await opened.close()
        if part.status == 412:
            raise PreconditionFailed()
        return problem(request, OutOfRange(), headers={"content-range": f"bytes */{opened.size}"})
    headers |= {"content-security-policy": POLICY, "etag": opened.etag, "accept-ranges": "bytes"}
    if part.status == 206:
        headers["content-range"] = f"bytes {part.start}-{part.start + part.length - 1}/{opened.size}"
    if part.status == 304:
        del headers["content-type"]
    if "set-cookie" in response.headers:
        # A rotated session sends its new cookie with whatever answer comes first. No cache may keep that.
        headers |= {"set-cookie": response.headers["set-cookie"], "cache-control": "no-store"}
    return Bytes(opened, part, headers, is_head=request.scope.get("asked") == "HEAD")


def headers_of(file: StoredFile, *, is_thumbnail: bool) -> dict[str, str]:
    """The headers that say what is sent, and that a browser must not run it."""
    is_shown = is_thumbnail or inline(file.type, file.kind)
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in file.name)
    disposition = "inline" if is_shown else "attachment"
    return {
        "content-type": "image/webp" if is_thumbnail else file.type or "application/octet-stream",
        "content-disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
    }
