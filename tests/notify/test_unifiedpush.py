"""UnifiedPush: the push servers of Android without Google take the same pushes (the rules are those of its server interface,
https://unifiedpush.org/developers/spec/server/)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from suhbat.notify.carrying import DirectCarrier
from suhbat.notify.encryption import MOST_PLAIN
from suhbat.notify.sending import Delivered, Dropped, Ended, Later, Push, PushSender, Result, topic_of
from suhbat.notify.vapid import Vapid, make_key
from suhbat.outgoing.addresses import AllowedAddresses
from suhbat.outgoing.client import OutgoingClient
from suhbat.runtime.push_services import OutgoingPushServices
from tests.fakes import FakeClock

from .push_service import Browser

LONGEST = 1000
"""Bytes of an endpoint."""
SMALLEST, LARGEST = 1, 4096
"""Bytes of a message."""


class PushServer:
    """A push server on loopback. `requests`: their first lines, headers and bodies."""

    def __init__(self) -> None:
        self.port = 0
        self.status = "201 Created"
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        self.requests.append((first, headers, await reader.readexactly(int(headers["content-length"]))))
        location = f"Location: http://127.0.0.1:{self.port}/elsewhere\r\n" if self.status.startswith("3") else ""
        writer.write(f"HTTP/1.1 {self.status}\r\n{location}TTL: 0\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def push_server() -> AsyncIterator[PushServer]:
    one = PushServer()
    server = await asyncio.start_server(one._serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


async def pushed(server: PushServer, path: str, plain: bytes = b"{}") -> tuple[Result, Browser]:
    """Send a push to an endpoint of the server, as the network is allowed by `outgoing_allow`."""
    app, clock = Browser(), FakeClock()
    client = OutgoingPushServices(OutgoingClient(AllowedAddresses(["127.0.0.0/8"])))
    vapid = Vapid(make_key(), "https://chat.example.org", clock)
    to = app.subscription
    to = type(to)(
        to.id, to.uid, to.session_id, f"http://127.0.0.1:{server.port}{path}", to.public_key, to.auth, to.label, 0, 0
    )
    sender = PushSender(DirectCarrier(client, lambda: vapid), clock)
    return await sender.send(Push(plain, topic_of("u", "c", b"key"), 60), to), app


async def test_the_longest_endpoint() -> None:
    """An endpoint is an IRI with path and query, of up to 1,000 bytes. All of it reaches the push server."""
    async with push_server() as server:
        start = f"http://127.0.0.1:{server.port}"
        path = "/upśy?up=1&token="
        path += "x" * (LONGEST - len((start + path).encode()))
        result, _ = await pushed(server, path)
    assert result == Delivered()
    assert server.requests[0][0] == f"POST {path.replace('ś', '%C5%9B')} HTTP/1.1"


@pytest.mark.parametrize("plain", [b"", b"x" * MOST_PLAIN], ids=["empty", "longest"])
async def test_the_size_of_a_message(plain: bytes) -> None:
    """A message has 1 to 4,096 bytes, and the app decrypts it."""
    async with push_server() as server:
        result, app = await pushed(server, "/up?up=1", plain)
    ((_, headers, body),) = server.requests
    assert result == Delivered() and SMALLEST <= len(body) <= LARGEST
    assert headers["content-encoding"] == "aes128gcm" and headers["ttl"] == "60"
    assert app.decrypt(body) == plain


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("200 OK", Delivered),
        ("202 Accepted", Delivered),
        ("400 Bad Request", Dropped),
        ("404 Not Found", Ended),
        ("413 Content Too Large", Dropped),
        ("429 Too Many Requests", Later),
        ("507 Insufficient Storage", Later),
        ("302 Found", Dropped),
        ("307 Temporary Redirect", Dropped),
    ],
)
async def test_answers(status: str, result: type[Result]) -> None:
    """2xx is success, 404 the end of the endpoint, 429 and unknown errors mean later; no redirect is followed."""
    async with push_server() as server:
        server.status = status
        assert isinstance((await pushed(server, "/up?up=1"))[0], result)
    assert len(server.requests) == 1
