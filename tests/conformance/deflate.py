"""permessage-deflate (12 and 13; RFC 7692), with a quarter of Autobahn's sizes and few messages: only correctness is tested."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Sequence
from dataclasses import replace

from suhbat.protocol.framing import WINDOW_BITS
from tests.system.raw import BINARY, TEXT

from .case import (
    Case,
    Message,
    Step,
    Until,
    answered,
    in_pieces,
)

OFFER = "permessage-deflate"
AGREED = frozenset(
    {OFFER, "server_no_context_takeover", "client_no_context_takeover", f"server_max_window_bits={WINDOW_BITS}"}
)
"""The answer to an offer without parameters."""
MESSAGES = 4


def negotiated(case: Case, offer: str = OFFER, agreed: frozenset[str] = AGREED) -> Case:
    return replace(case, offer=offer, agreed=agreed)


# Autobahn's


def _json(dice: random.Random) -> bytes:
    return b",".join(
        b'{"id":%d,"name":"user-%d","read":true,"at":%d}' % (number, dice.randrange(300), dice.getrandbits(40))
        for number in range(3_000)
    )


def _picture(dice: random.Random) -> bytes:
    return b"".join(
        bytes([row // 2, (row + column) % 256, dice.randrange(8)]) for row in range(300) for column in range(150)
    )


def _prose(dice: random.Random) -> bytes:
    words = ["".join(dice.choices(string.ascii_lowercase + "ʻäößшчя", k=dice.randrange(2, 11))) for _ in range(2_000)]
    return " ".join(dice.choices(words, k=20_000)).encode()


def _page(dice: random.Random) -> bytes:
    rows = (
        f'<tr class="{"odd" if n % 2 else "even"}"><td>{n}</td><td>{dice.random()}</td></tr>\n' for n in range(2_500)
    )
    return f"<html><body><table>\n{''.join(rows)}</table></body></html>".encode()


def _packed_already(dice: random.Random) -> bytes:
    """Noise that repeats after 20,000 octets, which only a window larger than that of the server can use."""
    noise = dice.randbytes(20_000)
    return noise * 7


KINDS = ((_json, TEXT), (_picture, BINARY), (_prose, BINARY), (_page, TEXT), (_packed_already, BINARY))
SIZES = (
    *((size, 0) for size in (4, 16, 64, 256, 1024, 2048, 4096, 8192, 16_384, 32_768)),
    *((size, 64) for size in (2048, 4096, 8192, 16_384, 32_768)),
    *((32_768, size) for size in (256, 1024, 8192)),
)
"""The sizes of a message and of its fragments."""


def _echoes(group: str, data: bytes, opcode: int, offer: str, agreed: frozenset[str]) -> Iterator[Case]:
    for number, (size, fragment) in enumerate(SIZES, 1):
        payloads = in_pieces((data + data)[: size * MESSAGES], size)
        sends: list[Step] = []
        for count, payload in enumerate(payloads, 1):
            sends += (Message(opcode, payload, fragment), Until(count))
        case = answered(f"{group}.{number}", *sends, expects=[(opcode, payload) for payload in payloads])
        yield negotiated(case, offer, agreed)


def _kinds_of_data() -> Iterator[Case]:
    for number, (make, opcode) in enumerate(KINDS, 1):
        yield from _echoes(f"12.{number}", make(random.Random(number)), opcode, OFFER, AGREED)


def _offered(takeover: bool, bits: int) -> str:
    """An offer of Autobahn: the server may restrict the client, and is asked to restrict itself."""
    asked = "; server_no_context_takeover" * (not takeover) + f"; server_max_window_bits={bits}" * bool(bits)
    return f"{OFFER}; client_no_context_takeover; client_max_window_bits{asked}"


BOTH = AGREED | {f"client_max_window_bits={WINDOW_BITS}"}
NARROW: frozenset[str] = frozenset()
"""A window smaller than that of the shared frames is declined, and nothing is compressed."""
OFFERS = (
    (_offered(True, 0), BOTH),
    (_offered(False, 0), BOTH),
    (_offered(True, 9), NARROW),
    (_offered(True, 15), BOTH),
    (_offered(False, 9), NARROW),
    (_offered(False, 15), BOTH),
    (", ".join([_offered(False, 9), _offered(False, 0), _offered(True, 0)]), BOTH),
)


def _kinds_of_offers() -> Iterator[Case]:
    data = _json(random.Random(13))
    for number, (offer, agreed) in enumerate(OFFERS, 1):
        yield from _echoes(f"13.{number}", data, TEXT, offer, agreed)


CASES = [*_kinds_of_data(), *_kinds_of_offers()]


def ids(cases: Sequence[Case]) -> list[str]:
    return [case.id for case in cases]
