"""Frames: data (1), pings (2), reserved bits (3), opcodes (4), fragments (5), and fragments of a fixed size (10)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.system.raw import BINARY, PONG, TEXT, framed

from .case import Case, Until, answered, binary, broken, fragmented, in_pieces, more, octets, ping, pong, text

HELLO = b"Hello, world!"
BYTES = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
HELD = [(TEXT, HELLO)]
"""Valid messages before the error are answered."""


def _data() -> Iterator[Case]:
    for kind, opcode, octet in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
        for number, size in enumerate((0, 125, 126, 127, 128, 65_535, 65_536), 1):
            frame = framed(opcode, octet * size)
            yield answered(f"1.{kind}.{number}", frame, expects=[(opcode, octet * size)])
        yield answered(f"1.{kind}.8", *in_pieces(frame, 997), expects=[(opcode, octet * size)])


def _pings() -> Iterator[Case]:
    for number, payload in enumerate((b"", HELLO, BYTES, b"\xfe" * 125), 1):
        yield answered(f"2.{number}", ping(payload), expects=[(PONG, payload)])
    yield broken("2.5", ping(b"\xfe" * 126))
    yield answered("2.6", *octets(ping(b"\xfe" * 125)), expects=[(PONG, b"\xfe" * 125)])
    yield answered("2.7", pong())
    yield answered("2.8", pong(b"unasked"))
    yield answered("2.9", pong(b"unasked"), ping(b"asked"), expects=[(PONG, b"asked")])
    ten = [b"payload-%d" % number for number in range(10)]
    pongs = [(PONG, payload) for payload in ten]
    yield answered("2.10", b"".join(map(ping, ten)), expects=pongs)
    yield answered("2.11", *octets(*map(ping, ten)), expects=pongs)


def _reserved_bits() -> Iterator[Case]:
    yield broken("3.1", text(HELLO, rsv=1))
    yield broken("3.2", text(HELLO) + text(HELLO, rsv=2) + ping(), expects=HELD)
    yield broken("3.3", text(HELLO), text(HELLO, rsv=3), ping(), expects=HELD)
    yield broken("3.4", *octets(text(HELLO), text(HELLO, rsv=4), ping()), expects=HELD)
    yield broken("3.5", binary(BYTES, rsv=5))
    yield broken("3.6", ping(HELLO, rsv=6))
    yield broken("3.7", framed(8, b"", rsv=7))


def _opcodes() -> Iterator[Case]:
    for kind, first in ((1, 3), (2, 11)):
        wrong = [framed(first + number, HELLO if number % 3 else b"") for number in range(5)]
        yield broken(f"4.{kind}.1", wrong[0])
        yield broken(f"4.{kind}.2", wrong[1])
        yield broken(f"4.{kind}.3", text(HELLO) + wrong[2] + ping(), expects=HELD)
        yield broken(f"4.{kind}.4", text(HELLO) + wrong[3] + ping(), expects=HELD)
        yield broken(f"4.{kind}.5", *octets(text(HELLO), wrong[4], ping()), expects=HELD)


def _fragments() -> Iterator[Case]:
    yield broken("5.1", ping(b"one", fin=False) + more(b"two", fin=True))
    yield broken("5.2", pong(b"one", fin=False) + more(b"two", fin=True))
    two = text(b"one", fin=False), more(b"two", fin=True)
    between = two[0], ping(b"between"), two[1]
    nothing_to_continue = more(b"one", fin=True), text(HELLO)
    nothing_to_go_on_with = more(b"one"), text(HELLO)
    message, with_pong = [(TEXT, b"onetwo")], [(PONG, b"between"), (TEXT, b"onetwo")]
    # Each in one write, a write for each frame, and one for each octet.
    for number, frames in ((3, two), (6, between), (9, nothing_to_continue), (12, nothing_to_go_on_with)):
        for offset, sends in enumerate(([b"".join(frames)], frames, octets(*frames))):
            id = f"5.{number + offset}"
            if number < 9:
                yield answered(id, *sends, expects=message if number == 3 else with_pong)
            else:
                yield broken(id, *sends)
    yield broken("5.15", b"".join(two) + more(b"three") + text(b"four"), expects=message)
    yield broken("5.16", (more(b"one") + text(b"two", fin=False) + more(b"three", fin=True)) * 2)
    yield broken("5.17", (more(b"one", fin=True) + text(b"two", fin=False) + more(b"three", fin=True)) * 2)
    yield broken("5.18", text(b"one", fin=False) + text(b"two"))
    begins = text(b"1", fin=False), more(b"2"), ping(b"first")
    goes_on = more(b"3"), more(b"4"), ping(b"second"), more(b"5", fin=True)
    whole = [(PONG, b"first"), (PONG, b"second"), (TEXT, b"12345")]
    yield answered("5.19", b"".join(begins), Until(1), b"".join(goes_on), expects=whole)
    yield answered("5.20", *begins, Until(1), *goes_on, expects=whole)


def _fixed_size() -> Iterator[Case]:
    payload = b"*" * 65_536
    yield answered("10.1.1", *fragmented(TEXT, payload, 1_300), expects=[(TEXT, payload)])


CASES = [*_data(), *_pings(), *_reserved_bits(), *_opcodes(), *_fragments(), *_fixed_size()]
