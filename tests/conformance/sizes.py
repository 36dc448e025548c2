"""Large messages, many fragments, small writes and many messages (9), with a sixteenth of Autobahn's sizes or less: only
correctness is tested here, and speed in bench/.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.system.raw import BINARY, TEXT, framed

from .case import Case, Step, Until, answered, fragmented, in_pieces

KB = 1024
MESSAGES = 40
KINDS = ((0, TEXT, b"*"), (1, BINARY, b"\xfe"))


def _large() -> Iterator[Case]:
    for kind, opcode, octet in KINDS:
        for number, size in enumerate((4 * KB, 16 * KB, 64 * KB, 256 * KB, 512 * KB, 1024 * KB), 1):
            yield answered(f"9.{1 + kind}.{number}", framed(opcode, octet * size), expects=[(opcode, octet * size)])


def _fragments() -> Iterator[Case]:
    for kind, opcode, octet in KINDS:
        payload = octet * (256 * KB)
        for number in range(9):
            frames = fragmented(opcode, payload, 64 * 4**number)
            yield answered(f"9.{3 + kind}.{number + 1}", b"".join(frames), expects=[(opcode, payload)])


def _small_writes() -> Iterator[Case]:
    for kind, opcode, octet in KINDS:
        payload = octet * (64 * KB)
        for number in range(6):
            pieces = in_pieces(framed(opcode, payload), 64 << number)
            yield answered(f"9.{5 + kind}.{number + 1}", *pieces, expects=[(opcode, payload)])


def _one_by_one() -> Iterator[Case]:
    for kind, opcode, octet in KINDS:
        for number, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            sends: list[Step] = []
            for count in range(MESSAGES):
                sends += (framed(opcode, octet * size), Until(count + 1))
            yield answered(f"9.{7 + kind}.{number}", *sends, expects=[(opcode, octet * size)] * MESSAGES)


CASES = [*_large(), *_fragments(), *_small_writes(), *_one_by_one()]
