"""Text is UTF-8 (6): what is valid comes back, what is not ends with 1007 (RFC 6455 §8.1, RFC 3629).

The sequences are Markus Kuhn's "UTF-8 decoder capability and stress test", in Autobahn's numbering.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.system.raw import PONG, TEXT

from .case import INVALID, QUIET, Case, Quiet, Until, answered, ended, fragmented, more, ping, text

GREEK = "κ\u1f79σμε".encode()
MIXED = "Hello-µ@ßöäüàá-UTF-8!!".encode()
SURROGATE = b"\xed\xa0\x80"
TOO_HIGH = b"\xf4\x90\x80\x80"
"""U+110000, one beyond the last."""

CUT = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf"
_PLANES = " ".join(
    f"{lead:02x}{second:02x}bf{last:02x}"
    for lead in range(0xF0, 0xF5)
    for second in (0x8F, 0x9F, 0xAF, 0xBF)
    for last in (0xBE, 0xBF)
    # F0 8F would be overlong; after F4 only 8F is within Unicode.
    if (lead, second) != (0xF0, 0x8F) and (lead != 0xF4 or second == 0x8F)
)


def _lonely(first: int, end: int) -> str:
    """Leads of sequences, each with a blank after it."""
    return "".join(f"{lead:02x}20" for lead in range(first, end))


def _hello(character: str) -> str:
    return f"hello{character}world".encode().hex()


SEQUENCES: dict[int, str] = {
    5: " ".join([*map(_hello, "$¢€𤭢"), GREEK.hex()]),
    6: " ".join(GREEK[:length].hex() for length in range(1, len(GREEK) + 1)),
    7: "00 c280 e0a080 f0908080",
    8: "f888808080 fc8480808080",
    9: "7f dfbf efbfbf f48fbfbf",
    10: "f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf",
    11: "ed9fbf ee8080 efbfbd f48fbfbf f4908080",
    12: "80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf " + bytes(range(0x80, 0xBF)).hex(),
    13: " ".join(_lonely(*ends) for ends in ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))),
    14: CUT,
    15: CUT.replace(" ", ""),
    16: "fe ff fefeffff",
    17: "c0af e080af f08080af f8808080af fc80808080af",
    18: "c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf",
    19: "c080 e08080 f0808080 f880808080 fc8080808080",
    20: "eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf",
    21: "eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf edafbfedb080 edafbfedbfbf",
    22: "efbfbe efbfbf " + _PLANES,
    23: "efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf",
}
"""Sequences in hexadecimal, by the second number of the case. Python's decoder decides which of them are valid; RFC 3629 leaves
no choice."""


def _valid(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _whole() -> Iterator[Case]:
    yield answered("6.1.1", text(b""), expects=[(TEXT, b"")])
    yield answered("6.1.2", text(b"", fin=False) + more(b"") + more(b"", fin=True), expects=[(TEXT, b"")])
    middle = text(b"", fin=False) + more(b"middle") + more(b"", fin=True)
    yield answered("6.1.3", middle, expects=[(TEXT, b"middle")])
    cut = MIXED.index("ü".encode())
    yield answered("6.2.1", text(MIXED), expects=[(TEXT, MIXED)])
    yield answered("6.2.2", text(MIXED[:cut], fin=False) + more(MIXED[cut:], fin=True), expects=[(TEXT, MIXED)])
    yield answered("6.2.3", *fragmented(TEXT, MIXED, 1), expects=[(TEXT, MIXED)])
    yield answered("6.2.4", *fragmented(TEXT, GREEK, 1), expects=[(TEXT, GREEK)])
    wrong = GREEK + SURROGATE + b"edited"
    yield ended("6.3.1", text(wrong), codes=[INVALID])
    yield ended("6.3.2", *fragmented(TEXT, wrong, 1), codes=[INVALID])


def _fail_fast() -> Iterator[Case]:
    """Strictly the connection ends at the octet that makes the text invalid, before the rest of it is there."""
    payload = GREEK + TOO_HIGH + b"edited"
    cuts = {1: (len(GREEK), len(GREEK) + len(TOO_HIGH)), 2: (len(GREEK) + 1, len(GREEK) + 2)}
    for number, (first, second) in cuts.items():
        parts = payload[:first], payload[first:second], payload[second:]
        yield ended(
            f"6.4.{number}",
            text(parts[0], fin=False) + ping(b"A"),
            Until(1),
            more(parts[1]) + ping(b"B"),
            Until(2),
            more(parts[2], fin=True),
            codes=[INVALID],
            expects=[(PONG, b"A")],
        )
    for number, (first, second) in cuts.items():
        frame = text(payload)
        head = len(frame) - len(payload)
        sends = (
            frame[: head + first],
            Quiet(0.1),
            frame[head + first : head + second],
            Quiet(0.3),
            frame[head + second :],
        )
        yield ended(f"6.4.{number + 2}", *sends, codes=[INVALID], expects=[(QUIET, b"")])


def _sequences() -> Iterator[Case]:
    for group, sequences in SEQUENCES.items():
        for number, sequence in enumerate(map(bytes.fromhex, sequences.split()), 1):
            id = f"6.{group}.{number}"
            if _valid(sequence):
                yield answered(id, text(sequence), expects=[(TEXT, sequence)])
            else:
                yield ended(id, text(sequence), codes=[INVALID])


CASES = [*_whole(), *_fail_fast(), *_sequences()]
