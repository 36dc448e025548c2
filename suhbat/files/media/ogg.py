"""Ogg (RFC 3533): pages, each with a position in samples; the last one has the duration."""

from __future__ import annotations

from suhbat.files.window import BLOCK, Window

from .measured import Measured, milliseconds

_OPUS_RATE = 48_000


def measure(source: Window) -> Measured:
    """The duration of a stream of Opus, Vorbis or FLAC; a film is only called by its type."""
    head = source.at(0, 512)
    if b"theora" in head or b"fishead" in head or b"BBCD" in head:
        return Measured("video/ogg")
    serial, rate, skipped = head[14:18], 0, 0
    if (at := head.find(b"OpusHead")) >= 0:
        rate, skipped = _OPUS_RATE, int.from_bytes(head[at + 10 : at + 12], "little")
    elif (at := head.find(b"\x01vorbis")) >= 0:
        rate = int.from_bytes(head[at + 12 : at + 16], "little")
    elif (at := head.find(b"\x7fFLAC")) >= 0:
        rate = int.from_bytes(head[at + 27 : at + 30], "big") >> 4
    tail = source.at(max(source.size - BLOCK, 0), BLOCK)
    at = len(tail)
    while rate and (at := tail.rfind(b"OggS", 0, at)) >= 0:
        position = int.from_bytes(tail[at + 6 : at + 14], "little")
        if tail[at + 14 : at + 18] == serial and position < 1 << 63:  # all ones: no packet ends on this page
            return Measured("audio/ogg", duration=milliseconds(position - skipped, rate))
    return Measured("audio/ogg")
