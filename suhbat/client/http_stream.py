"""One HTTP request after the other on the event loop, whose response may take as long as it likes. Raises OSError only."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

CONNECT_SECONDS = 10.0
BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class StreamedResponse:
    """`pieces`: of the body, as they come. `retry_after`: seconds, 0 if the server names none."""

    status: int
    retry_after: float
    pieces: AsyncIterator[bytes]

    async def text(self) -> bytes:
        return b"".join([piece async for piece in self.pieces])


@asynccontextmanager
async def request(
    method: str, url: str, token: str, body: bytes | None = None, *, cursor: str | None = None
) -> AsyncIterator[StreamedResponse]:
    """Send a request, and give the response when its headers have come. Leaving closes the connection. `cursor`: of the event
    stream; in a header, since URLs end up in the logs of proxies."""
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    async with asyncio.timeout(CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port or (443 if secure else 80), ssl=secure
        )
    try:
        connection = h11.Connection(h11.CLIENT)
        headers = [
            ("Host", parts.netloc),
            ("Authorization", f"Bearer {token}"),
            ("Accept", "*/*"),
            ("Connection", "close"),
        ]
        if cursor is not None:
            headers.append(("Last-Event-ID", cursor))
        if body is not None:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        writer.write(connection.send(h11.Request(method=method, target=target, headers=headers)) or b"")
        if body is not None:
            writer.write(connection.send(h11.Data(data=body)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        while not isinstance(event := await _next(connection, reader), h11.Response):
            pass
        wait = dict(event.headers).get(b"retry-after", b"")
        yield StreamedResponse(event.status_code, float(wait) if wait.isdigit() else 0.0, _pieces(connection, reader))
    finally:
        writer.transport.abort()


async def _pieces(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while not isinstance(event := await _next(connection, reader), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            yield bytes(event.data)


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Event:
    try:
        while (event := connection.next_event()) is h11.NEED_DATA:
            connection.receive_data(await reader.read(BLOCK))
    except h11.RemoteProtocolError as error:
        raise OSError(f"not HTTP: {error}") from None
    if isinstance(event, h11.ConnectionClosed) or not isinstance(event, h11.Event):
        raise OSError("the connection was closed")
    return event
