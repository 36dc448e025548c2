"""The limits of a connection, and violations of RFC 6455 for which Autobahn has no case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from suhbat.protocol.types import MAX_FRAME
from suhbat.transport.incoming import CONTROL_FRAMES
from tests.system.raw import PING, PONG, TEXT, framed

from .case import FLOOD, TOO_BIG, Case, answered, broken, close, closed, ended, fragmented, more, ping, pong, text

FULL = b"x" * MAX_FRAME
HELLO = [(TEXT, b"hello")]


def _length(length: int) -> bytes:
    """The header of a text frame that announces this length."""
    return b"\x81\xff" + length.to_bytes(8, "big") + b"mask"


def _everywhere() -> Iterator[Case]:
    yield answered("64 KiB", text(FULL), expects=[(TEXT, FULL)])
    yield answered("64 KiB in fragments", *fragmented(TEXT, FULL, 1000), expects=[(TEXT, FULL)])
    yield ended("64 KiB and one", text(b"hello") + text(FULL + b"x"), codes=[TOO_BIG], expects=HELLO)
    yield ended("64 KiB and one in fragments", *fragmented(TEXT, FULL + b"x", 1000), codes=[TOO_BIG])
    yield broken("no mask", text(b"hello") + framed(TEXT, b"hello", mask=False), expects=HELLO)
    yield broken("no mask on a ping", framed(PING, b"hello", mask=False))
    yield closed("a close behind a message", text(b"hello") + close(), expects=HELLO)
    yield closed("a close behind a ping", ping(b"hello") + close(), expects=[(PONG, b"hello")])


def _where_frames_are_seen() -> Iterator[Case]:
    """An ASGI server does not pass on an incomplete message."""
    yield ended("64 KiB and one announced", _length(MAX_FRAME + 1), codes=[TOO_BIG])
    yield ended("2 to the 63rd less one announced", _length((1 << 63) - 1), codes=[TOO_BIG])
    few = CONTROL_FRAMES - 1
    yield answered("as many pings as may be", ping() * few, expects=[(PONG, b"")] * few)
    yield answered("as many pongs as may be", pong() * few, text(b"hello"), expects=HELLO)
    pieces = text(b"", fin=False) + more(b"") * CONTROL_FRAMES
    for id, flood in (("more pongs", pong() * (CONTROL_FRAMES + 1)), ("more fragments", pieces)):
        yield replace(ended(id, flood, codes=[FLOOD]), lingers=True)


CASES = list(_everywhere())
STREAM_CASES = list(_where_frames_are_seen())
