"""Each dependency on uvicorn's internals exists in the installed version, and works."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from suhbat.hub.frames import Frames
from suhbat.transport.admission import Admission
from suhbat.transport.native import ADMISSION, REACHED, Native, uvicorn_protocol
from suhbat.transport.stream_wire import CLOSE_SECONDS, StreamWire
from tests.leaping import leaping
from tests.servers import BUSY, COMMANDS, PATIENCE, Server, running
from tests.talk import Simple

BINARY = b"\x82\x81\x00\x00\x00\x00x"
"""A masked binary frame (RFC 6455 §5.2), which is closed with 1003."""
HASTY_SECONDS = 2.0
HASTY = (
    "-c",
    f"import runpy, sys; from suhbat.transport import stream_wire; stream_wire.CLOSE_SECONDS = {HASTY_SECONDS}; "
    "del sys.argv[0]; runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)",
)


@pytest.fixture(scope="module", params=["suhbat", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The two ways under uvicorn, with a shorter wait for a close. Overrides the fixture for all servers."""
    kind: str = request.param
    settings = {"SUHBAT_SEND_RATE": "0"}
    server = Server(
        kind, tmp_path_factory.mktemp("wire") / "data", settings=settings, command=(*HASTY, *COMMANDS[kind][1:])
    )
    server.start()
    yield server
    server.stop()


async def _application(scope: Any, receive: Any, send: Any) -> None: ...


async def test_uvicorns_protocol_is_recognised() -> None:
    """All required attributes exist in the installed uvicorn once a request has arrived."""
    protocol = WebSocketsSansIOProtocol(Config(_application), ServerState(), {})
    assert uvicorn_protocol(protocol.send) is None, "nothing was requested yet"
    protocol.request = object()
    assert all(hasattr(protocol, name) for name in REACHED)
    assert uvicorn_protocol(protocol.send) is protocol


async def test_another_send_is_not_recognised() -> None:
    """Another server's `send`, or one behind a middleware, takes the plain ASGI way."""

    async def send(message: Any) -> None: ...

    assert uvicorn_protocol(send) is None


def stuck(server: Server, name: str) -> socket.socket:
    """A connection whose peer reads nothing after the handshake."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", server.port))
    peer.sendall(
        f"GET /ws/{name} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    assert peer.recv(64).startswith(b"HTTP/1.1 101")
    return peer


def held_open(server: Server, peer: socket.socket) -> bool:
    """Whether the server still holds its end of this connection."""
    assert server.process is not None
    port = peer.getsockname()[1]
    ends = psutil.Process(server.process.pid).net_connections("tcp")
    return any(end.raddr and end.raddr.port == port for end in ends)


async def test_a_close_that_is_not_read_ends_all_the_same(server: Server) -> None:
    """A peer that reads nothing cannot keep a closed connection and its memory: it is aborted after a few seconds.
    Plain uvicorn calls transport.close(), which waits for ever for unsent bytes."""
    peer = stuck(server, "stuck-one")
    try:
        async with Simple(server.ws, "busy-one") as busy:
            for number in range(1500):
                await busy.write(f"{number} " + "x" * 3900)
                if number % 10 == 9:  # in small batches: with 256 KB unsent the server would not read from it either
                    await busy.until("message", message=f"{number} " + "x" * 3900)
            began = time.monotonic()
            peer.sendall(BINARY)
            await asyncio.sleep(0.5)
            is_held = held_open(server, peer)
            is_early = time.monotonic() - began < HASTY_SECONDS
            assert is_held or not is_early, "what was written before is still waiting to be read"
            deadline = time.monotonic() + PATIENCE
            while held_open(server, peer):
                assert time.monotonic() < deadline, "the connection was not aborted"
                await asyncio.sleep(0.1)
    finally:
        peer.close()


def test_stopping_does_not_wait_for_clients(tmp_path: Path) -> None:
    """After SIGTERM the server ends within seconds, although a peer reads nothing (plain uvicorn waits for ever)."""
    with running("uvicorn", tmp_path / "data") as stopped:
        peer = stuck(stopped, "stuck-two")
        began = time.monotonic()
        stopped.stop()
        assert time.monotonic() - began < CLOSE_SECONDS + BUSY
        peer.close()


class GoneTransport:
    """Behaves as uvloop's transport does when its peer was just lost."""

    def write(self, data: bytes) -> None:
        raise RuntimeError("unable to perform operation on a closed transport")

    def set_write_buffer_limits(self, high: int) -> None: ...
    def is_closing(self) -> bool:
        return False


async def test_a_write_to_a_lost_peer_does_not_stop_a_fan_out() -> None:
    """A transport that raises during a fan-out is marked as closed; the fan-out goes on."""
    wire = StreamWire(GoneTransport(), Admission(lambda: None), set())
    wire.write(Frames([b"{}"]))
    assert wire.closed
    wire.write(Frames([b"{}"]))


class Untaken(asyncio.Transport):
    """A transport whose peer takes nothing, so that it never closes by itself."""

    aborted = False
    written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None: ...

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


@leaping
async def test_an_unread_refusal_ends() -> None:
    """The connection is kept for a few seconds, not for ever."""
    native, transport = Native(None, ServerState(), {ADMISSION: Admission(lambda: None)}), Untaken()
    native.connection_made(transport)
    native.data_received(b"GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await asyncio.sleep(CLOSE_SECONDS - 1)
    assert transport.written.startswith(b"HTTP/1.1 4") and not transport.aborted
    await asyncio.sleep(2)
    assert transport.aborted


async def refused(*headers: str) -> bytes:
    """The refusal of an upgrade request with these headers, by a server that starts."""
    native, transport = Native(None, ServerState(), {ADMISSION: Admission(lambda: None)}), Untaken()
    native.connection_made(transport)
    usual = ("Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
    lines = ("GET /api/v1/ws HTTP/1.1", "Host: localhost", *usual, *headers, "", "")
    native.data_received("\r\n".join(lines).encode())
    await asyncio.sleep(0)
    return transport.written


@pytest.mark.parametrize("connection", ["Upgrade", "Upgrade, keep-alive"], ids=["usual", "left to websockets"])
async def test_a_refusal_in_repeated_languages(connection: str) -> None:
    """Repeated Accept-Language headers are one list (RFC 9110 §5.3); the refusal is in the preferred language."""
    connection = f"Connection: {connection}"
    once = await refused(connection, "Accept-Language: en;q=0.5, uz")
    assert once.startswith(b"HTTP/1.1 503") and once != await refused(connection, "Accept-Language: en;q=0.5")
    assert await refused(connection, "Accept-Language: en;q=0.5", "accept-language: uz") == once


def masked(opcode: int, payload: bytes = b"") -> bytes:
    return bytes((opcode, 0x80 | len(payload))) + b"\0\0\0\0" + payload


@pytest.mark.parametrize("frames", [masked(0x89, b"x"), masked(0x01) + masked(0x00) * 9], ids=["pings", "fragments"])
async def test_a_flood_of_control_frames_and_fragments(server: Server, frames: bytes) -> None:
    """Tens of thousands of pings or empty fragments end the connection that sends them; other connections go on."""
    peer = stuck(server, "flooder")
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    async with Simple(server.ws, "calm-one") as calm:
        flood = asyncio.create_task(loop.sock_sendall(peer, frames * 40_000))
        took: list[float] = []
        for number in range(20):
            began = loop.time()
            await calm.write(f"calm {number}")
            await calm.until("message", message=f"calm {number}")
            took.append(loop.time() - began)
        # The median: one pause of the machine says nothing about the server.
        assert statistics.median(took) < 1.0
        with suppress(OSError):
            async with asyncio.timeout(PATIENCE):
                await flood
        async with asyncio.timeout(PATIENCE):
            while held_open(server, peer):
                await asyncio.sleep(0.1)
        peer.close()
