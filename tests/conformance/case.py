"""A case, and the words it is made of."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tests.system.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, framed

NORMAL, PROTOCOL, UNSUPPORTED, INVALID, TOO_BIG, FLOOD = 1000, 1002, 1003, 1007, 1009, 4029
NO_CODE, NO_CLOSE = 1005, 1006
"""A close frame without a code; no close frame (RFC 6455 §7.4.1: neither is ever sent)."""
QUIET = -1
"""In the place of an opcode: nothing came for a while, and the connection stayed open."""

Heard = tuple[int, bytes]
"""A whole message, a pong, or QUIET."""


@dataclass(frozen=True)
class Until:
    """Say nothing more before so many things were heard, or the server closed."""

    count: int


@dataclass(frozen=True)
class Quiet:
    """Say nothing for so many seconds; it is heard as QUIET unless the server closes meanwhile."""

    seconds: float


@dataclass(frozen=True)
class Message:
    """Say a message as was agreed: compressed, or as it is where the server declined. `size`: in frames of so many
    octets."""

    opcode: int
    payload: bytes
    size: int = 0


Step = bytes | Until | Quiet | Message
"""Bytes go out at once, in one write; the next step's in another."""


@dataclass(frozen=True)
class Case:
    """A conversation. Strictly: all of `hears`, in this order and nothing else, then a close with one of `codes`, then
    the server ends the TCP connection (RFC 6455 §7.1.1)."""

    id: str
    says: tuple[Step, ...]
    hears: tuple[Heard, ...]
    codes: frozenset[int]
    goodbye: bool = False
    """When it has heard everything, the client closes with 1000."""
    answers: bool = False
    """The client answers the server's close: it has said none itself."""
    partly: bool = False
    """A beginning of `hears` is enough."""
    abrupt: bool = False
    """The server may also reset the TCP connection: it closes it while more is on its way."""
    lingers: bool = False
    """The server, having closed, has no ear for the answer: it ends the TCP connection seconds later. Not waited for."""
    offer: str = ""
    """Extensions that the client asks for (RFC 6455 §9.1)."""
    agreed: frozenset[str] = frozenset()
    """What the server takes up of them: the name of the extension and its parameters."""

    @property
    def binary(self) -> bool:
        return any(opcode == BINARY for opcode, _ in self.hears)


def answered(id: str, *says: Step, hears: Sequence[Heard] = ()) -> Case:
    """All is well: so much is heard, and the client says goodbye."""
    return Case(id, says, tuple(hears), frozenset({NORMAL}), goodbye=True)


def closed(id: str, *says: Step, codes: Sequence[int] = (NORMAL,), hears: Sequence[Heard] = ()) -> Case:
    """A close is among what is said."""
    return Case(id, says, tuple(hears), frozenset(codes))


def ended(id: str, *says: Step, codes: Sequence[int], hears: Sequence[Heard] = ()) -> Case:
    """What is said makes the server close."""
    return Case(id, says, tuple(hears), frozenset(codes), answers=True)


def broken(id: str, *says: Step, hears: Sequence[Heard] = ()) -> Case:
    """What is said breaks the protocol: 1002."""
    return ended(id, *says, codes=[PROTOCOL], hears=hears)


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
    """A message in frames of so many octets; the reserved bits are set in the first."""
    pieces = in_pieces(payload, size)
    last = len(pieces) - 1
    return [
        framed(CONTINUATION if n else opcode, piece, fin=n == last, rsv=0 if n else rsv)
        for n, piece in enumerate(pieces)
    ]


def in_pieces(data: bytes, size: int) -> list[bytes]:
    """To be said piece by piece, each in a write of its own."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def octets(*frames: bytes) -> list[bytes]:
    """One octet at a time."""
    return in_pieces(b"".join(frames), 1)
