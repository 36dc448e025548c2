"""Deadlines and bounds of an HTTP connection, over both of uvicorn's implementations. No socket, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from socket import socketpair
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.protocols.http import auto
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from suhbat.files.direct import DIRECT
from suhbat.transport.http_guard import (
    CLOSE_SECONDS,
    HEADER_BYTES,
    REQUEST_SECONDS,
    STEP_BYTES,
    STEP_SECONDS,
    WAITING,
    guarded,
)
from tests.leaping import leaping

SOON = 0.1
READ = 256 * 1024
"""What a transport gives at most at once."""
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


CHUNKED = b"POST /body HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"


def post(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()


class Application:
    """Answers at once, except: `/body` reads the body first, `/slow` waits until it is `finished`, `/gone` until the client
    is."""

    def __init__(self) -> None:
        self.finished = asyncio.Event()
        self.headers: list[tuple[bytes, bytes]] = []
        """Of the last request, as they were when it was answered."""
        self.direct: Any = None
        """The way past the transport that the last request was offered."""
        self.body = b""
        """Of all requests to `/body`."""
        self.told = 0
        """How many requests to `/gone` have learned that their client is gone."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/body":
            more = True
            while more:
                message = await receive()
                self.body += message.get("body", b"")
                more = message.get("more_body", False)
        elif scope["path"] == "/slow":
            await self.finished.wait()
        elif scope["path"] == "/gone":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.told += 1
        self.headers, self.direct = list(scope["headers"]), scope.get(DIRECT)
        if scope["path"] == "/direct":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"7")]})
            self.direct.sent(5)
            await send({"type": "http.response.body", "body": b"ok"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


class Upgraded(asyncio.Protocol):
    """The protocol after an upgrade; it keeps the connection."""

    def __init__(self, **_: Any) -> None: ...


class Transport(asyncio.Transport):
    """Records the bytes that were written. The test sets `unsent`: the bytes that the peer has not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.paused = self.closing = self.aborted = False
        self.protocol: Any = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.closing or self.aborted

    def close(self) -> None:
        """As a real transport does, it stays open while bytes are unsent."""
        if not self.is_closing():
            self.closing = True
            if not self.unsent:
                asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        if not self.aborted:
            self.aborted = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def statuses(self) -> list[int]:
        """The status codes of the responses written so far."""
        return [int(part[:3]) for part in self.written.split(b"HTTP/1.1 ")[1:]]


class Peer:
    """A connection to a guarded protocol."""

    def __init__(self) -> None:
        self.application = Application()
        config = Config(self.application, ws=Upgraded, lifespan="off", log_config=None, access_log=False)
        config.load()
        protocol: Any = guarded()
        self.protocol = protocol(config, ServerState(), {})
        self.transport = Transport()
        self.transport.protocol = self.protocol
        self.protocol.connection_made(self.transport)

    async def say(self, data: bytes) -> None:
        """Send as a transport does, 256 KiB at a time, and only while reading is not paused."""
        for start in range(0, len(data), READ):
            if self.transport.is_closing() or self.transport.paused:
                break
            self.transport.protocol.data_received(data[start : start + READ])
        await asyncio.sleep(SOON)

    async def dribble(self, data: bytes, every: float, times: int) -> None:
        for _ in range(times):
            if self.transport.is_closing():
                break
            await self.say(data)
            await asyncio.sleep(every - SOON)


Connect = Callable[[], Peer]


@pytest.fixture(params=[HttpToolsProtocol, H11Protocol])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Makes a connection, over what uvicorn would choose with httptools and without."""
    monkeypatch.setattr(auto, "AutoHTTPProtocol", request.param)
    return Peer


# Requests


@leaping
async def test_a_silent_connection(connect: Connect) -> None:
    """A connection that sends nothing gets an explanation after 10 s and is closed."""
    peer = connect()
    await asyncio.sleep(REQUEST_SECONDS - SOON)
    assert not peer.transport.is_closing()
    await asyncio.sleep(2 * SOON)
    assert peer.transport.closing and peer.transport.statuses() == [400]
    assert b"The request took too long." in peer.transport.written


@leaping
async def test_an_unread_refusal(connect: Connect) -> None:
    """The server does not wait for a client to read its refusal."""
    peer = connect()
    peer.transport.unsent = 100
    await asyncio.sleep(REQUEST_SECONDS + CLOSE_SECONDS + SOON)
    assert peer.transport.aborted


@leaping
async def test_headers_that_dribble(connect: Connect) -> None:
    """Single bytes now and then do not extend the deadline."""
    peer = connect()
    await peer.say(GET[:-2] + b"X-Long: ")
    await peer.dribble(b"x", 1.0, 20)
    assert peer.transport.closing and peer.transport.statuses() == [400]


@leaping
async def test_headers_in_time(connect: Connect) -> None:
    """Headers that arrive in pieces, but in time, are accepted."""
    peer = connect()
    for piece in (GET[:10], GET[10:30], GET[30:]):
        await peer.say(piece)
        await asyncio.sleep(REQUEST_SECONDS / 4)
    assert peer.transport.statuses() == [200] and not peer.transport.is_closing()


@leaping
async def test_headers_of_the_next_request(connect: Connect) -> None:
    """On a kept-alive connection each request has ten seconds of its own."""
    peer = connect()
    for _ in range(10):
        await peer.say(GET)
        await asyncio.sleep(3)
    assert peer.transport.statuses() == [200] * 10 and not peer.transport.is_closing()
    await peer.say(GET[:-2] + b"X-Long: ")
    await peer.dribble(b"x", 1.0, 20)
    assert peer.transport.closing and peer.transport.statuses() == [200] * 10 + [400]


@leaping
async def test_headers_without_end(connect: Connect) -> None:
    """Headers above 64 KiB are refused at once."""
    peer = connect()
    await peer.say(GET[:-2] + b"X-Long: " + b"x" * (HEADER_BYTES + 1))
    assert peer.transport.closing and peer.transport.statuses() == [400]


@leaping
async def test_headers_without_end_behind_a_request(connect: Connect) -> None:
    """While a response is in progress, no more than that is read either: reading pauses, or the connection ends."""
    peer = connect()
    await peer.say(GET.replace(b"/", b"/slow", 1))
    await peer.say(GET[:-2] + b"X-Long: " + b"x" * (2 * HEADER_BYTES))
    assert peer.transport.aborted or peer.transport.paused


@leaping
async def test_trailers_without_end(connect: Connect) -> None:
    """Trailers of a chunked body (RFC 9112 §7.1.2) have the same bound, in one line or in many."""
    for line in (b"X-Long: " + b"x" * HEADER_BYTES, b"X: y\r\n" * 50_000):
        peer = connect()
        await peer.say(CHUNKED)
        await peer.say(b"0\r\n" + line)
        assert peer.transport.aborted


@leaping
async def test_trailers_are_no_headers(connect: Connect) -> None:
    """A trailer cannot set a header that a proxy adds or removes (RFC 9110 §6.5.1)."""
    peer = connect()
    await peer.say(CHUNKED + b"0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
    assert peer.transport.statuses() == [200]
    assert [name for name, _ in peer.application.headers] == [b"host", b"transfer-encoding"]


@leaping
async def test_a_large_body_in_chunks(connect: Connect) -> None:
    """Chunks do not count as headers, however many they are."""
    peer = connect()
    await peer.say(CHUNKED)
    for _ in range(10):
        await peer.say(b"400\r\n" + b"x" * 1024 + b"\r\n" + b"1\r\nx\r\n" * 5_000)
    await peer.say(b"0\r\n\r\n")
    assert peer.transport.statuses() == [200] and not peer.transport.is_closing()


@leaping
async def test_a_body_that_dribbles(connect: Connect) -> None:
    """A body with less than 1 KiB in 30 s is aborted."""
    peer = connect()
    await peer.say(post("/body", 100_000))
    await peer.dribble(b"x", 1.0, int(STEP_SECONDS) + 1)
    assert peer.transport.aborted and not peer.transport.written


@leaping
async def test_a_slow_body(connect: Connect) -> None:
    """A body a little faster than that is read, however long it takes."""
    peer = connect()
    await peer.say(post("/body", 20 * STEP_BYTES))
    await peer.dribble(b"x" * STEP_BYTES, STEP_SECONDS - 1, 20)
    assert peer.transport.statuses() == [200]


# Answers


@leaping
async def test_a_slow_application(connect: Connect) -> None:
    """A client that waits for a response is not closed."""
    peer = connect()
    await peer.say(GET.replace(b"/", b"/slow", 1))
    await asyncio.sleep(20 * STEP_SECONDS)
    assert not peer.transport.is_closing()
    peer.application.finished.set()
    await asyncio.sleep(SOON)
    assert peer.transport.statuses() == [200]


@leaping
async def test_a_client_that_goes_behind_several_requests(connect: Connect) -> None:
    """The application learns it for the request that it is answering, also if another one waits behind it."""
    for waiting in range(3):
        peer = connect()
        await peer.say(GET.replace(b"/", b"/gone", 1) + GET * waiting)
        assert peer.application.told == 0
        peer.transport.abort()
        await asyncio.sleep(SOON)
        assert peer.application.told == 1


@leaping
async def test_an_unread_response(connect: Connect) -> None:
    """A client must read some of a response in 30 s, or the connection is aborted at the next check."""
    peer = connect()
    await peer.say(GET.replace(b"/", b"/slow", 1))
    peer.transport.unsent = 1_000_000
    for _ in range(10):
        await asyncio.sleep(STEP_SECONDS)
        assert not peer.transport.is_closing()
        peer.transport.unsent -= 1
    await asyncio.sleep(2 * STEP_SECONDS)
    assert peer.transport.aborted


@leaping
async def test_the_unread_end_of_a_response(connect: Connect) -> None:
    """For uvicorn a response is complete when the transport has it. Unsent bytes after that are bounded too."""
    peer = connect()
    peer.transport.unsent = 50_000
    await peer.say(GET)
    assert peer.transport.statuses() == [200]
    await asyncio.sleep(3 * STEP_SECONDS)
    assert peer.transport.aborted


@leaping
async def test_the_end_of_a_last_response(connect: Connect) -> None:
    """The same where the connection closes after the response. A client that reads slowly gets all of it."""
    peer = connect()
    peer.transport.unsent = 50_000
    await peer.say(GET[:-2] + b"Connection: close\r\n\r\n")
    assert peer.transport.closing
    for _ in range(10):
        await asyncio.sleep(STEP_SECONDS)
        assert not peer.transport.aborted
        peer.transport.unsent -= 1
    await asyncio.sleep(2 * STEP_SECONDS)
    assert peer.transport.aborted


@leaping
async def test_pipelined_requests(connect: Connect) -> None:
    """The second of two pipelined requests (RFC 9112 §9.3.2) has the same deadlines."""
    peer = connect()
    await peer.say(GET + GET.replace(b"/", b"/slow", 1))
    assert peer.transport.statuses() == [200]
    peer.transport.unsent = 1_000_000
    await asyncio.sleep(3 * STEP_SECONDS)
    assert peer.transport.aborted


@leaping
async def test_as_many_pipelined_requests_as_allowed(connect: Connect) -> None:
    """Each pipelined request is answered, after one that takes its time."""
    peer = connect()
    await peer.say(GET.replace(b"/", b"/slow", 1) + GET * WAITING)
    peer.application.finished.set()
    await asyncio.sleep(SOON)
    assert peer.transport.statuses() == [200] * (1 + WAITING)


@leaping
async def test_more_pipelined_requests_than_allowed(connect: Connect) -> None:
    """Pipelined requests without end are not read: reading pauses, or the connection is aborted. No refusal is written
    that the client would take for the response to the first."""
    peer = connect()
    await peer.say(GET.replace(b"/", b"/slow", 1) + GET * 1_000)
    assert len(getattr(peer.protocol, "pipeline", ())) <= WAITING
    assert peer.transport.aborted or peer.transport.paused
    assert not peer.transport.statuses()


@leaping
async def test_an_invalid_pipelined_request(connect: Connect) -> None:
    """An invalid request is not answered before the response to the valid one is complete."""
    peer = connect()
    await peer.say(GET.replace(b"/", b"/slow", 1) + b"\0\r\n\r\n")
    assert not peer.transport.statuses()


@leaping
async def test_an_unread_body(connect: Connect) -> None:
    """A response may be sent before the body arrives (413, 401). The rest of the body is not parsed as headers and gets
    no second response, and the connection serves the next request."""
    peer = connect()
    await peer.say(post("/", 5 * HEADER_BYTES))
    await peer.say(b"x" * 5 * HEADER_BYTES)
    assert peer.transport.statuses() == [200] and not peer.transport.is_closing()
    await peer.say(GET)
    assert peer.transport.statuses() == [200, 200]


@leaping
async def test_an_unread_slow_body(connect: Connect) -> None:
    """Such a body has a minimum rate too."""
    peer = connect()
    await peer.say(post("/", 100_000))
    await peer.dribble(b"x", 1.0, 2 * int(STEP_SECONDS) + 1)
    assert peer.transport.is_closing() and peer.transport.statuses() == [200]


@leaping
async def test_silence_after_an_unread_body(connect: Connect) -> None:
    """Afterwards the connection may not stay silent for ever."""
    peer = connect()
    await peer.say(post("/", 10))
    await peer.say(b"x" * 10 + b"GET")
    await asyncio.sleep(2 * STEP_SECONDS)
    assert peer.transport.is_closing()


# The end


@leaping
async def test_a_websocket_has_no_http_limits(connect: Connect) -> None:
    """After an upgrade none of these limits applies, whatever came with the request."""
    peer = connect()
    await peer.say(UPGRADE + b"x" * (HEADER_BYTES + 1))
    peer.transport.unsent = 1_000_000
    await asyncio.sleep(10 * STEP_SECONDS)
    assert isinstance(peer.transport.protocol, Upgraded)
    assert not peer.transport.is_closing() and not peer.transport.written


@leaping
async def test_a_lost_connection(connect: Connect) -> None:
    """No deadline fires after the connection is lost."""
    for said in (b"", GET[:10], GET, GET.replace(b"/", b"/slow", 1), post("/body", 10), post("/", 10)):
        peer = connect()
        if said:
            await peer.say(said)
        peer.protocol.connection_lost(ConnectionResetError())
        peer.application.finished.set()
        before = peer.transport.written
        await asyncio.sleep(10 * STEP_SECONDS)
        assert not peer.transport.aborted and peer.transport.written == before


@leaping
async def test_a_websocket_behind_a_request(connect: Connect) -> None:
    """While a response is incomplete no upgrade is served: the frames and the response would be one stream, and uvicorn
    would close the socket as idle after the response."""
    peer = connect()
    await peer.say(GET.replace(b"/", b"/slow", 1) + UPGRADE)
    assert peer.transport.aborted or not isinstance(peer.transport.protocol, Upgraded)


@leaping
async def test_a_websocket_behind_an_unread_response(connect: Connect) -> None:
    """A client cannot mean an upgrade before it has read the last response, and a refusal behind it would wait for
    ever."""
    peer = connect()
    await peer.say(GET)
    peer.transport.unsent = 1
    await peer.say(UPGRADE)
    assert peer.transport.aborted and not isinstance(peer.transport.protocol, Upgraded)


# Offers of another protocol


def offering(body: bytes, *framing: str) -> bytes:
    """The first request of Java's client and of `curl --http2`."""
    head = "\r\n".join(
        ("POST /body HTTP/1.1", "Host: localhost", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", *framing)
    )
    return head.encode() + b"\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n\r\n" + body


@pytest.mark.parametrize(
    ("body", "framing", "meant"),
    [
        (b"salom", ("Content-Length: 5",), b"salom"),
        (b"3\r\nsal\r\n2\r\nom\r\n0\r\n\r\n", ("Transfer-Encoding: chunked",), b"salom"),
        (b"", ("Content-Length: 0",), b""),
        (b"", (), b""),
    ],
)
@pytest.mark.parametrize("size", [1, 7, READ])
@leaping
async def test_a_body_behind_an_offer(
    connect: Connect, body: bytes, framing: tuple[str, ...], meant: bytes, size: int
) -> None:
    """An offer of HTTP/2 is ignored: the body is read, however it is cut, and the next request is answered too."""
    peer = connect()
    request = offering(body, *framing)
    for start in range(0, len(request), size):
        peer.transport.protocol.data_received(request[start : start + size])
    await asyncio.sleep(SOON)
    assert peer.transport.statuses() == [200] and peer.application.body == meant
    await peer.say(post("/body", 2) + b"ha")
    assert peer.transport.statuses() == [200, 200] and peer.application.body == meant + b"ha"


@leaping
async def test_an_endless_body_behind_an_offer(connect: Connect) -> None:
    """An invalid body is refused there as elsewhere."""
    peer = connect()
    await peer.say(offering(b"zz\r\n", "Transfer-Encoding: chunked"))
    assert peer.transport.is_closing()


# Bytes that go past the transport (`files.direct`)


@leaping
async def test_bytes_past_the_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over httptools, bytes that were sent past the transport count for the length of the response, also of the second of two
    pipelined requests. The socket is offered only while nothing is unsent, the connection is open, and it has no TLS."""
    monkeypatch.setattr(auto, "AutoHTTPProtocol", HttpToolsProtocol)
    peer = Peer()
    await peer.say(GET.replace(b"/ ", b"/direct ") * 2)
    assert peer.transport.statuses() == [200, 200] and not peer.transport.is_closing()
    socket, far = socketpair()
    with socket, far:
        known: dict[str, Any] = {"socket": socket}
        peer.transport.get_extra_info = known.get
        direct = peer.application.direct
        assert direct.socket() == socket.fileno()
        peer.transport.unsent = 1
        assert direct.socket() is None
        peer.transport.unsent = 0
        known["sslcontext"] = object()
        assert direct.socket() is None
        del known["sslcontext"]
        direct.abort()
        assert peer.transport.aborted and direct.socket() is None


@leaping
async def test_no_way_past_h11(monkeypatch: pytest.MonkeyPatch) -> None:
    """h11 counts the bytes of a response by itself, so over it everything goes through the transport."""
    monkeypatch.setattr(auto, "AutoHTTPProtocol", H11Protocol)
    peer = Peer()
    await peer.say(GET)
    assert peer.transport.statuses() == [200] and peer.application.direct is None
