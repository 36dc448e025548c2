"""Frames that never end, and frames that are too large once they are unpacked."""

from __future__ import annotations

import json
import socket
import struct
import time
import zlib
from contextlib import ExitStack, suppress

import psutil

from suhbat.protocol.types import MAX_FRAME
from tests.system.raw import CLOSE, PING, PONG, TEXT, Ended, Raw, framed

from .siege import Siege, name

MANY = 40
MEGABYTE = 1 << 20


def announced(length: int, *, begun: bytes = b"") -> bytes:
    """The beginning of a text frame, whose header announces more."""
    head = (
        struct.pack("!BBH", 0x81, 0x80 | 126, length) if length < 1 << 16 else struct.pack("!BBQ", 0x81, 0xFF, length)
    )
    return head + bytes(4) + begun


def test_lengths_that_are_never_sent(siege: Siege) -> None:
    """An announced length takes no memory and no time before the bytes arrive. A frame that is completed is handled."""
    assert siege.server.process is not None
    process = psutil.Process(siege.server.process.pid)
    with siege.attack(), ExitStack() as stack:
        waiting = [stack.enter_context(Raw(siege.server.port, f"/ws/{name('waiting')}")) for _ in range(MANY)]
        before = process.memory_info().rss
        for raw in waiting:
            raw.socket.sendall(announced(60_000, begun=b'{"message":"'))
        time.sleep(1)
        assert process.memory_info().rss - before < 16 * MEGABYTE
        rest = b"x" * (60_000 - len(b'{"message":""}')) + b'"}'
        waiting[0].socket.sendall(rest)
        assert waiting[0].until("error")["code"] == "bad_request", "too long a text, and the connection stays"
        waiting[0].say({"message": "here"})
        assert waiting[0].until("message", message="here")


def test_lengths_of_64_bits(siege: Siege) -> None:
    """A frame above the limit is refused at its header, with 1009 or, above 2^63, with 1002. Hypercorn hides the headers of
    frames; there the bytes are not kept."""
    assert siege.server.process is not None
    process = psutil.Process(siege.server.process.pid)
    with siege.attack():
        for length in (MAX_FRAME + 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
            with Raw(siege.server.port, f"/ws/{name('long')}") as raw:
                before = process.memory_info().rss
                raw.socket.sendall(announced(length))
                if siege.server.kind != "hypercorn":
                    assert raw.closed() in (1002, 1009)
                assert process.memory_info().rss - before < 16 * MEGABYTE


def test_a_byte_now_and_then(siege: Siege) -> None:
    """Messages that arrive byte by byte delay nobody, and are handled when they are complete."""
    with siege.attack(), ExitStack() as stack:
        names = [name("patient") for _ in range(MANY)]
        talkers = [stack.enter_context(Raw(siege.server.port, f"/ws/{one}")) for one in names]
        frames = [framed(TEXT, json.dumps({"message": one}).encode()) for one in names]
        for raw in talkers:
            raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(max(map(len, frames))):
            for raw, frame in zip(talkers, frames, strict=True):
                raw.socket.sendall(frame[position : position + 1])
            time.sleep(0.02)
        for raw, one in zip(talkers, names, strict=True):
            assert raw.until("message", message=one)["from_user"] == one


def test_a_bomb(siege: Siege) -> None:
    """A frame that inflates from 16 KB to 16 MB is refused: with 1002 where compression was not negotiated, else with 1009.
    The memory never grows by that size."""
    assert siege.server.process is not None
    process = psutil.Process(siege.server.process.pid)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"0" * (16 * MEGABYTE - 1)) + packer.flush(zlib.Z_SYNC_FLUSH)
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    with siege.attack():
        for _ in range(5):
            with Raw(siege.server.port, f"/ws/{name('packer')}", headers=offer) as raw:
                unpacks = "permessage-deflate" in raw.head
                assert unpacks == (siege.server.kind == "hypercorn")
                before = process.memory_info().rss
                raw.frame(TEXT, bomb[:-4], rsv=4)
                assert raw.closed() == (1009 if unpacks else 1002)
                # hypercorn unpacks up to its own limit of 16 MiB; it is gone afterwards.
                assert process.memory_info().rss - before < 80 * MEGABYTE


def test_pings_of_a_peer_that_reads_nothing(siege: Siege) -> None:
    """The pongs for a peer that reads nothing take bounded memory, and other users notice nothing."""
    assert siege.server.process is not None
    process = psutil.Process(siege.server.process.pid)
    pings = framed(PING, b"x" * 125) * 400
    with siege.attack(), Raw(siege.server.port, f"/ws/{name('deaf')}", deaf=True, patience=1.0) as raw:
        before, said, until = process.memory_info().rss, 0, time.monotonic() + 3
        try:
            while time.monotonic() < until and said < 32 * MEGABYTE:
                said += raw.socket.send(pings)
        except OSError:
            pass  # it reads no more, or had enough: either is right
        assert process.memory_info().rss - before < 24 * MEGABYTE, f"of {said} bytes"


def test_pongs_that_nobody_asked_for(siege: Siege) -> None:
    """Unsolicited pongs are ignored, or end the connection as a flood."""
    with siege.attack(), Raw(siege.server.port, f"/ws/{name('ponger')}") as raw, suppress(Ended, ConnectionError):
        raw.socket.sendall(framed(PONG, b"x" * 125) * 2_000)
        raw.say({"message": "here"})
        while True:
            opcode, payload = raw.read()
            if opcode == CLOSE:
                assert int.from_bytes(payload[:2], "big") == 4029
                break
            if opcode == TEXT and json.loads(payload).get("message") == "here":
                break
