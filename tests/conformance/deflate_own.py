"""Requirements of RFC 7692 for which Autobahn has no case: negotiation, valid and invalid messages, and the limit of a
message."""

from __future__ import annotations

import random
from collections.abc import Iterator

from suhbat.protocol.framing import WINDOW_BITS
from suhbat.protocol.types import MAX_FRAME
from tests.system.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, framed

from .case import (
    INVALID,
    TOO_BIG,
    Case,
    Message,
    answered,
    binary,
    broken,
    close,
    ended,
    fragmented,
    more,
    octets,
    ping,
    pong,
    text,
)
from .deflate import AGREED, OFFER, negotiated
from .packing import COMPRESSED, TAIL, deflated

# Negotiated parameters

NOTHING: frozenset[str] = frozenset()
LONG = b"salom dunyo " * 400
BROKEN_OFFERS = (
    "server_max_window_bits",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=012",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "server_no_context_takeover=1",
    "client_no_context_takeover=1",
    "server_no_context_takeover; server_no_context_takeover",
    "client_max_window_bits; client_max_window_bits",
    "unknown",
)
"""Parameters with which an offer must be declined (RFC 7692 §7.1)."""


def _client(bits: int) -> frozenset[str]:
    return AGREED | {f"client_max_window_bits={bits}"}


def _negotiations() -> Iterator[tuple[str, frozenset[str]]]:
    yield OFFER, AGREED
    yield f"{OFFER}; server_no_context_takeover", AGREED
    yield f"{OFFER}; client_no_context_takeover", AGREED
    yield f"{OFFER}; client_max_window_bits", _client(WINDOW_BITS)
    for bits in range(8, 16):
        yield f"{OFFER}; client_max_window_bits={bits}", _client(min(bits, WINDOW_BITS))
        yield f"{OFFER}; server_max_window_bits={bits}", AGREED if bits >= WINDOW_BITS else NOTHING
    yield f'{OFFER}; client_max_window_bits="10"', _client(10)
    for parameters in BROKEN_OFFERS:
        yield f"{OFFER}; {parameters}", NOTHING
    yield "x-webkit-deflate-frame", NOTHING
    # The first that can be taken is.
    yield f"unknown; mode=1, {OFFER}", AGREED
    yield f"{OFFER}; unknown, {OFFER}; client_max_window_bits", _client(WINDOW_BITS)
    yield f"{OFFER}, {OFFER}; client_max_window_bits", AGREED
    for bits in (8, 9, 11):
        yield f"{OFFER}; server_max_window_bits={bits}, {OFFER}", AGREED


def _agreements() -> Iterator[Case]:
    """A message is echoed with every negotiated set of parameters."""
    for offer, agreed in _negotiations():
        # zlib makes no window of 8 bits; in so short a message nothing is further back.
        payload = LONG[:200] if "=8" in "".join(agreed) else LONG
        yield negotiated(answered(offer, Message(TEXT, payload), expects=[(TEXT, payload)]), offer, agreed)


# What is said: the first six are the examples of RFC 7692 §7.2.3

HELLO = bytes.fromhex("f248cdc9c90700")
STORED = bytes.fromhex("000500faff48656c6c6f00")
FINAL = bytes.fromhex("f348cdc9c9070000")
TWO_BLOCKS = bytes.fromhex("f24805000000ffffcac9c90700")
BACK = bytes.fromhex("f200110000")
"""Refers to the previous message, whose window is not kept."""
RESERVED_BLOCK = b"\x07"
WRONG_LENGTH = bytes.fromhex("000500ffff48656c6c6f00")
"""A stored block whose length does not match its complement."""
HEARD = [(TEXT, b"Hello")]


def packed(payload: bytes, *, fin: bool = True, opcode: int = TEXT) -> bytes:
    return framed(opcode, payload, fin=fin, rsv=COMPRESSED)


def _right() -> Iterator[Case]:
    yield answered("compressed", packed(HELLO), expects=HEARD)
    yield answered("two octets at a time", *fragmented(TEXT, HELLO, 2, rsv=COMPRESSED), expects=HEARD)
    yield answered("a stored block", packed(STORED), expects=HEARD)
    yield answered("a final block", packed(FINAL), expects=HEARD)
    yield answered("two blocks", packed(TWO_BLOCKS), expects=HEARD)
    yield answered("nothing", packed(b"\0"), expects=[(TEXT, b"")])
    yield answered("octet by octet", *octets(packed(HELLO), text(b"Hello")), expects=HEARD * 2)
    both = packed(HELLO) + text(b"Hello")
    yield answered("compressed and not, in turn", both * 3, expects=HEARD * 6)
    yield answered("not compressed, in fragments", *fragmented(TEXT, b"Hello", 2), expects=HEARD)
    first, last = packed(HELLO[:3], fin=False), more(HELLO[3:], fin=True)
    yield answered("a ping in between", first + ping(b"!") + last, expects=[(PONG, b"!"), *HEARD])
    empty = packed(b"", fin=False) + more(HELLO) + more(b"", fin=True)
    yield answered("empty fragments at both ends", empty, expects=HEARD)
    flushed = packed(deflated(b"Hel", whole=False), fin=False) + more(deflated(b"lo"), fin=True)
    yield answered("each fragment flushed", flushed, expects=HEARD)
    not_then_compressed = text(b"Hel", fin=False) + more(b"lo", fin=True) + packed(HELLO)
    yield answered("fragments, then compressed", not_then_compressed, expects=HEARD * 2)
    compressed_then_not = first + last + text(b"Hel", fin=False) + more(b"lo", fin=True)
    yield answered("compressed fragments, then others", compressed_then_not, expects=HEARD * 2)
    far = random.Random(7).randbytes(15_000).hex().encode()
    twice = deflated(far + far)
    yield answered("from 30,000 octets back", packed(twice), expects=[(TEXT, far + far)])
    yield answered("a long final block", packed(_final(far)), expects=[(TEXT, far)])
    yield answered("binary", packed(HELLO, opcode=BINARY), expects=[(BINARY, b"Hello")])


def _final(payload: bytes) -> bytes:
    """The same, with an end to the stream (RFC 7692 §7.2.3.4)."""
    import zlib

    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(payload) + deflate.flush() + b"\0"


def _bits() -> Iterator[Case]:
    """RSV1 is allowed in the first frame of a data message only, the other bits nowhere (RFC 7692 §6)."""
    first, plain = packed(HELLO[:3], fin=False), text(b"Hel", fin=False)
    for name, begun, rest in (("compressed", first, HELLO[3:]), ("plain", plain, b"lo")):
        yield broken(f"RSV1 in the last frame of a {name} message", begun + more(rest, fin=True, rsv=COMPRESSED))
        yield broken(
            f"RSV1 in the second of a {name} message", begun + more(rest, rsv=COMPRESSED) + more(b"", fin=True)
        )
    yield broken(
        "RSV1 in a continuation of nothing", packed(HELLO) + framed(CONTINUATION, HELLO, rsv=COMPRESSED), expects=HEARD
    )
    yield broken("RSV1 in a ping", packed(HELLO) + ping(b"!", rsv=COMPRESSED), expects=HEARD)
    yield broken("RSV1 in a ping in between", first + framed(PING, b"!", rsv=COMPRESSED))
    yield broken("RSV1 in a pong", pong(b"!", rsv=COMPRESSED))
    yield broken("RSV1 in a close", close(rsv=COMPRESSED))
    yield broken("RSV1 in an unknown opcode", framed(CLOSE + 3, HELLO, rsv=COMPRESSED))
    yield broken("RSV2", packed(HELLO) + text(HELLO, rsv=2), expects=HEARD)
    yield broken("RSV3", binary(HELLO, rsv=1))
    yield broken("RSV1 and RSV2", text(HELLO, rsv=COMPRESSED | 2))
    yield broken("a message in a compressed one", first + packed(HELLO))
    yield broken("a plain message in a compressed one", first + text(b"Hello"))


def _data() -> Iterator[Case]:
    """Data that cannot be decompressed."""
    for name, wrong in (
        ("a reserved block", RESERVED_BLOCK),
        ("a wrong length", WRONG_LENGTH),
        ("noise", b"\xff" * 50),
    ):
        yield broken(name, packed(HELLO) + packed(wrong) + text(b"unheard"), expects=HEARD)
        yield broken(f"{name} in a fragment", packed(wrong, fin=False) + more(HELLO, fin=True))
        yield broken(f"{name} in a later fragment", packed(HELLO + TAIL, fin=False), more(wrong), more(b"", fin=True))
    yield broken("from the message before", packed(HELLO) + packed(BACK), expects=HEARD)
    yield ended("not UTF-8", packed(HELLO) + packed(deflated(b"\xffHello")), codes=[INVALID], expects=HEARD)
    yield ended("UTF-8 that is cut", packed(deflated("ё".encode()[:1])), codes=[INVALID])


OWN = [*_agreements(), *map(negotiated, (*_right(), *_bits(), *_data()))]


# The chat's limit

FULL = b"x" * MAX_FRAME


def _limits() -> Iterator[Case]:
    hello, too_big = packed(HELLO), [TOO_BIG]
    full, over = deflated(FULL), deflated(FULL + b"x")
    yield answered("64 KiB, compressed", packed(full), expects=[(TEXT, FULL)])
    yield answered(
        "64 KiB, compressed, in fragments", *fragmented(TEXT, full, 10, rsv=COMPRESSED), expects=[(TEXT, FULL)]
    )
    halves = packed(deflated(FULL[: MAX_FRAME // 2], whole=False), fin=False), deflated(FULL[: MAX_FRAME // 2])
    yield answered("64 KiB, half in each fragment", halves[0] + more(halves[1], fin=True), expects=[(TEXT, FULL)])
    yield ended("64 KiB and one, compressed", hello + packed(over), codes=too_big, expects=HEARD)
    yield ended("64 KiB and one, in fragments", *fragmented(TEXT, over, 10, rsv=COMPRESSED), codes=too_big)
    yield ended(
        "64 KiB and one, in two", halves[0] + more(deflated(FULL[: MAX_FRAME // 2 + 1]), fin=True), codes=too_big
    )
    bomb = deflated(b"\0" * 40_000_000)  # 39 KB
    yield ended("a bomb", hello + packed(bomb), codes=too_big, expects=HEARD)
    yield ended("a bomb in fragments", *fragmented(TEXT, bomb, 1000, rsv=COMPRESSED), codes=too_big)
    later = packed(deflated(b"Hello", whole=False), fin=False) + more(bomb, fin=True)
    yield ended("a bomb in a later fragment", later, codes=too_big)
    # Larger than what is in it.
    yield ended("64 KiB that compression makes longer", packed(deflated(FULL, level=0)), codes=too_big)


LIMITS = list(map(negotiated, _limits()))
