"""A test case, and functions to build its steps and frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tests.system.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, framed

NORMAL, PROTOCOL, UNSUPPORTED, INVALID, TOO_BIG, FLOOD = 1000, 1002, 1003, 1007, 1009, 4029
NO_CODE, NO_CLOSE = 1005, 1006
"""A close frame without a code, and the absence of one (RFC 6455 §7.4.1: neither is ever sent)."""
QUIET = -1
"""Takes the place of an opcode: nothing was received for a while, and the connection stayed open."""

Received = tuple[int, bytes]
"""A complete message, a pong, or QUIET."""


@dataclass(frozen=True)
class Until:
    """Wait until this many messages were received, or the server closed."""

    count: int


@dataclass(frozen=True)
class Quiet:
    """Wait this many seconds. It counts as QUIET unless the server closes meanwhile."""

    seconds: float


@dataclass(frozen=True)
class Message:
    """Send a message, compressed if the server accepted that. `size`: the octets of each frame, or 0 for one frame."""

    opcode: int
    payload: bytes
    size: int = 0


Step = bytes | Until | Quiet | Message
"""Bytes are sent in one write; the next step is sent in another one."""


@dataclass(frozen=True)
class Case:
    """The client performs the steps of `sends`. It must receive exactly `expects` in this order, then a close with one of
    `codes`, then the end of the TCP connection (RFC 6455 §7.1.1)."""

    id: str
    sends: tuple[Step, ...]
    expects: tuple[Received, ...]
    codes: frozenset[int]
    client_closes: bool = False
    """The client closes with 1000 when it has received everything."""
    server_closes: bool = False
    """The client answers the close of the server, and has sent none itself."""
    partial: bool = False
    """Receiving a beginning of `expects` is enough."""
    may_reset: bool = False
    """The server may also reset the TCP connection, because it closes while more data is on its way."""
    lingers: bool = False
    """The server does not read after its close and ends the TCP connection seconds later. Not waited for."""
    offer: str = ""
    """The extensions that the client offers (RFC 6455 §9.1)."""
    agreed: frozenset[str] = frozenset()
    """The accepted extension, as its name and parameters."""

    @property
    def binary(self) -> bool:
        return any(opcode == BINARY for opcode, _ in self.expects)


def answered(id: str, *sends: Step, expects: Sequence[Received] = ()) -> Case:
    """The server answers with `expects`, and the client closes."""
    return Case(id, sends, tuple(expects), frozenset({NORMAL}), client_closes=True)


def closed(id: str, *sends: Step, codes: Sequence[int] = (NORMAL,), expects: Sequence[Received] = ()) -> Case:
    """The client sends a close among its steps."""
    return Case(id, sends, tuple(expects), frozenset(codes))


def ended(id: str, *sends: Step, codes: Sequence[int], expects: Sequence[Received] = ()) -> Case:
    """The steps make the server close with one of `codes`."""
    return Case(id, sends, tuple(expects), frozenset(codes), server_closes=True)


def broken(id: str, *sends: Step, expects: Sequence[Received] = ()) -> Case:
    """The steps violate the protocol, so the server closes with 1002."""
    return ended(id, *sends, codes=[PROTOCOL], expects=expects)


# Frames of a client


def text(payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    return framed(TEXT, payload, fin=fin, rsv=rsv)


def binary(payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    return framed(BINARY, payload, fin=fin, rsv=rsv)


def more(payload: bytes, *, fin: bool = False, rsv: int = 0) -> bytes:
    """A continuation frame."""
    return framed(CONTINUATION, payload, fin=fin, rsv=rsv)


def ping(payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    return framed(PING, payload, fin=fin, rsv=rsv)


def pong(payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    return framed(PONG, payload, fin=fin, rsv=rsv)


def close(code: int | None = NORMAL, reason: bytes = b"", *, rsv: int = 0) -> bytes:
    return framed(CLOSE, (b"" if code is None else struct.pack("!H", code)) + reason, rsv=rsv)


def fragmented(opcode: int, payload: bytes, size: int, *, rsv: int = 0) -> list[bytes]:
    """A message in frames of `size` octets; the first one has the reserved bits."""
    pieces = in_pieces(payload, size)
    last = len(pieces) - 1
    return [
        framed(CONTINUATION if n else opcode, piece, fin=n == last, rsv=0 if n else rsv)
        for n, piece in enumerate(pieces)
    ]


def in_pieces(data: bytes, size: int) -> list[bytes]:
    """The data in pieces of `size` octets, each for a write of its own."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def octets(*frames: bytes) -> list[bytes]:
    """The frames octet by octet."""
    return in_pieces(b"".join(frames), 1)
