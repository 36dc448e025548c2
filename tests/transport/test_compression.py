"""permessage-deflate (RFC 7692), where it is switched on: one compressed frame for all connections that negotiated it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from suhbat.protocol.framing import WINDOW_BITS, compressed_frames, text_frames
from tests.servers import Server, running
from tests.talk import Simple

LONG = "salom dunyo " * 200


@pytest.fixture(scope="module", params=["suhbat", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The two ways under uvicorn, with compression on. Overrides the fixture for all servers."""
    with running(request.param, tmp_path_factory.mktemp("deflate") / "data", compression="true") as started:
        yield started


def offering(server: Server, name: str, **options: Any) -> connect:
    return connect(f"{server.ws}/ws/{name}", proxy=None, **options)


async def until(socket: ClientConnection, text: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if frame.get("message") == text:
            return frame


def negotiated(socket: ClientConnection) -> str | None:
    assert socket.response is not None
    return socket.response.headers.get("Sec-WebSocket-Extensions")


async def test_every_client_reads_the_same(server: Server) -> None:
    """Three clients, with compression, with a larger window, and without: each gets every message of the others
    unchanged."""
    async with (
        offering(server, "packed", compression="deflate") as packed,
        offering(server, "wide", extensions=[ClientPerMessageDeflateFactory()]) as wide,
        Simple(server.ws, "plain") as plain,
    ):
        said = negotiated(packed)
        assert said is not None and "server_no_context_takeover" in said and "client_no_context_takeover" in said
        assert f"server_max_window_bits={WINDOW_BITS}" in said
        for socket, text in ((packed, LONG + "1"), (wide, LONG + "2")):
            await socket.send(json.dumps({"message": text}))
            for reader in (packed, wide):
                assert (await until(reader, text))["to_user"] == ""
            await plain.until("message", message=text)
        await plain.write("short")
        await until(packed, "short")


async def test_a_smaller_window_is_declined(server: Server) -> None:
    """A client whose window is too small for the shared frames gets uncompressed ones."""
    factory = ClientPerMessageDeflateFactory(server_max_window_bits=9)
    async with offering(server, "narrow", extensions=[factory]) as narrow:
        assert negotiated(narrow) is None
        await narrow.send(json.dumps({"message": LONG}))
        await until(narrow, LONG)


async def test_a_bomb_is_too_big(server: Server) -> None:
    """A message that unpacks to more than 64 KiB closes with 1009, however small it was on the wire."""
    async with offering(server, "bomber", compression="deflate") as bomber, Simple(server.ws, "calm") as calm:
        await bomber.send(json.dumps({"message": "0" * 20_000_000}))
        with pytest.raises(ConnectionClosedError) as closed:
            while True:
                await bomber.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        await calm.write("still here")
        await calm.until("message", message="still here")


async def test_off_by_default(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compression is off unless it is switched on."""
    for kind in ("suhbat", "uvicorn"):
        with running(kind, tmp_path_factory.mktemp("off") / kind) as plain:
            async with offering(plain, "anyone", compression="deflate") as socket:
                assert negotiated(socket) is None


@pytest.mark.parametrize("size", [0, 99, 100, 125, 126, 5_000, 70_000])
def test_a_compressed_frame(size: int) -> None:
    """It unpacks to the payload (RFC 7692 section 7.2.2). A payload that does not get smaller is sent as it is."""
    payload = (b"salom " * size)[:size]
    data = compressed_frames([payload])
    if data[0] == 0x81:
        assert data == text_frames([payload])
        return
    assert data[0] == 0xC1 and len(data) < len(payload)
    length = data[1]
    start = 2 if length < 126 else 4
    body = data[start:]
    assert len(body) == (length if length < 126 else int.from_bytes(data[2:4], "big"))
    assert zlib.decompressobj(-WINDOW_BITS).decompress(body + b"\0\0\xff\xff") == payload
