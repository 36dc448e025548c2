"""The frames that a client may send; a client that sends others harms nobody else."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from suhbat.protocol.types import MAX_FRAME
from tests.servers import Server, running

from .raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Raw, simple

_numbers = count(1)

Misdeed = Callable[[Raw], object]


def name(base: str = "user") -> str:
    """A name that no other test has."""
    return f"{base}-{next(_numbers)}"


@pytest.fixture(scope="module", params=["suhbat", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with default settings, for the tests that need no other."""
    with running(request.param, tmp_path_factory.mktemp("frames") / "data") as running_server:
        yield running_server


def _in_pieces(size: int) -> Misdeed:
    """A message in many small fragments."""

    def say(raw: Raw) -> None:
        piece = 16_000
        raw.frame(TEXT, b'{"message":"', fin=False)
        for _ in range(size // piece):
            raw.frame(CONTINUATION, b"x" * piece, fin=False)
        raw.frame(CONTINUATION, b'"}')

    return say


MISDEEDS: dict[str, tuple[int, Misdeed]] = {
    "no mask": (1002, lambda raw: raw.frame(TEXT, b'{"message":"hi"}', mask=False)),
    "reserved bit 1 (deflate was not agreed)": (1002, lambda raw: raw.frame(TEXT, b'{"message":"hi"}', rsv=4)),
    "reserved bit 3": (1002, lambda raw: raw.frame(TEXT, b'{"message":"hi"}', rsv=1)),
    "unknown opcode": (1002, lambda raw: raw.frame(3, b"hi")),
    "unknown control opcode": (1002, lambda raw: raw.frame(11, b"hi")),
    "continuation of nothing": (1002, lambda raw: raw.frame(CONTINUATION, b"hi")),
    "a message within a message": (1002, lambda raw: (raw.frame(TEXT, b"a", fin=False), raw.frame(TEXT, b"b"))),
    "ping in pieces": (1002, lambda raw: raw.frame(PING, b"hi", fin=False)),
    "ping of 126 bytes": (1002, lambda raw: raw.frame(PING, b"x" * 126)),
    "close of one byte": (1002, lambda raw: raw.frame(CLOSE, b"x")),
    "close with a code that may not be sent": (1002, lambda raw: raw.frame(CLOSE, struct.pack("!H", 1006))),
    "text that is not UTF-8": (1007, lambda raw: raw.frame(TEXT, b'{"message":"\xff\xfe"}')),
    "UTF-8 broken off": (1007, lambda raw: raw.frame(TEXT, '{"message":"oʻ'.encode()[:-1])),
    "a surrogate as UTF-8": (1007, lambda raw: raw.frame(TEXT, b'{"message":"\xed\xa0\x80"}')),
    "frame over 64 KiB": (1009, lambda raw: raw.frame(TEXT, b"x" * (MAX_FRAME + 1))),
    "message over 64 KiB in pieces": (1009, _in_pieces(80_000)),
    "a length that nobody has": (1009, lambda raw: raw.socket.sendall(b"\x81\xff" + b"\x7f" * 8 + b"mask")),
    "binary": (1003, lambda raw: raw.frame(BINARY, b'{"message":"hi"}')),
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
@pytest.mark.parametrize("dialect", ["simple", "v1"])
def test_invalid_bytes(server: Server, dialect: str, misdeed: str) -> None:
    """A client that violates RFC 6455 or a limit is closed with the code for it; another client gets nothing but
    `left`."""
    code, do = MISDEEDS[misdeed]
    witness, offender = name("witness"), name("offender")
    with simple(server.port, witness) as other:
        with Raw(server.port, f"/ws/{offender}" if dialect == "simple" else "/api/v1/ws") as raw:
            if dialect == "simple":
                raw.until("joined", user_id=offender)
            else:
                raw.hello(server.guest(offender))
            other.until("joined", user_id=offender)
            do(raw)
            assert raw.closed() == code
        heard = other.hear()
        assert (heard["type"], heard["user_id"]) == ("left", offender)
        other.say({"message": "still here"})
        assert other.hear()["message"] == "still here"


def test_bytes_before_hello(server: Server) -> None:
    """The same codes apply before `hello`."""
    for code, do in MISDEEDS.values():
        with Raw(server.port, "/api/v1/ws") as raw:
            do(raw)
            assert raw.closed() == code


def test_a_ping_is_answered_with_its_payload(server: Server) -> None:
    """A pong has the ping's payload, also between the fragments of a message, and the message is complete."""
    with simple(server.port, name()) as raw:
        for payload in (b"", b"are you there?", bytes(range(125))):
            raw.frame(PING, payload)
            assert raw.read() == (PONG, payload)
        raw.frame(TEXT, b'{"message": "in', fin=False)
        raw.frame(PING, b"between")
        assert raw.read() == (PONG, b"between")
        raw.frame(CONTINUATION, b" pieces", fin=False)
        raw.frame(CONTINUATION, b'"}')
        assert raw.until("message")["message"] == "in pieces"


def test_a_close_is_answered(server: Server) -> None:
    """A close is answered with the same code, and an unsolicited pong is ignored."""
    with simple(server.port, name()) as raw:
        raw.frame(PONG, b"unasked")
        raw.frame(CLOSE, struct.pack("!H", 4321) + b"bye")
        assert raw.closed() == 4321


def test_the_largest_frame_is_accepted(server: Server) -> None:
    """A frame of 64 KiB is read: the error is that the text is too long, and the connection stays."""
    with simple(server.port, name()) as raw:
        padding = MAX_FRAME - len(b'{"message":""}')
        raw.frame(TEXT, b'{"message":"' + b"x" * padding + b'"}')
        assert raw.hear()["code"] == "bad_request"
        raw.frame(TEXT, b'{"message":"short"}')
        assert raw.until("message")["message"] == "short"


def test_pings_of_a_client_that_does_not_read(server: Server) -> None:
    """Pongs that a client does not read take no memory in the server."""
    assert server.process is not None
    with simple(server.port, name(), deaf=True, patience=1.0) as raw:
        before = _resident(server.process.pid)
        ping, said, until = _pings(), 0, time.monotonic() + 2.0
        try:
            while time.monotonic() < until and said < 64 << 20:
                said += raw.socket.send(ping)
        except TimeoutError:
            pass  # the server stopped reading: that is right too
        except OSError:
            pass  # or ended the connection
        grown = _resident(server.process.pid) - before
    assert grown < 16 << 20, f"{said >> 20} MB of pings cost the server {grown >> 20} MB"


def _pings() -> bytes:
    with_length = bytes([0x80 | PING, 0x80 | 125])
    return (with_length + bytes(4) + b"x" * 125) * 500


def _resident(pid: int) -> int:
    import psutil

    return int(psutil.Process(pid).memory_info().rss)
