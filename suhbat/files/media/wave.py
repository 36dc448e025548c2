"""WAV and FLAC: both state their length in the head."""

from __future__ import annotations

from suhbat.files.window import Window

from .measured import milliseconds

_CHUNKS = 1_000


def of_wav(source: Window) -> int | None:
    """The duration of a RIFF/WAVE file in milliseconds. A recorder that was cut off leaves a length of 0 or of 4 GB."""
    at, rate = 12, 0
    for _ in range(_CHUNKS):
        name, length = source.at(at, 4), source.number(at + 4, 4, "little")
        if len(name) < 4:
            return None
        if name == b"fmt ":
            rate = source.number(at + 16, 4, "little")
        elif name == b"data":
            there = max(source.size - at - 8, 0)
            return milliseconds(min(length, there) if length else there, rate)
        at += 8 + length + length % 2
    return None


def of_flac(source: Window) -> int | None:
    """The duration of a FLAC file in milliseconds, from its first block."""
    if source.number(4, 1) & 0x7F:
        return None
    packed = source.number(18, 8)
    return milliseconds(packed & 0xF_FFFF_FFFF, packed >> 44)
