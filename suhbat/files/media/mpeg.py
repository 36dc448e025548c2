"""MPEG audio, layers I to III (ISO/IEC 11172-3): frames, with a tag in front and a table of the whole in the first frame."""

from __future__ import annotations

from suhbat.files.window import Window

from .measured import milliseconds

_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By version (1; 2 and 2.5 alike) and layer."""
_RATES = (44_100, 48_000, 32_000)
_LOOKED_AT = 4_096
"""Bytes behind the tag in which the first frame must begin."""


def frame_length(header: bytes) -> int:
    """The length in bytes of the frame that begins with these four bytes; 0 if no frame does."""
    return (_frame(header) or (0, 0, 0, 0))[0]


def duration(source: Window) -> int | None:
    """In milliseconds: from the table of the encoder, else from the bit rate of the first frame."""
    start = 0
    if source.at(0, 3) == b"ID3":
        size = source.at(6, 4)
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=False))
    head = source.at(start, _LOOKED_AT)
    for at in range(len(head) - 3):
        if head[at] == 0xFF and (frame := _frame(head[at : at + 4])):
            break
    else:
        return None
    _, samples, rate, kbits = frame
    frames = _counted(source.at(start + at, 200))
    if frames:
        return milliseconds(frames * samples, rate)
    return milliseconds((source.size - start - at) * 8, kbits * 1_000)


def _frame(header: bytes) -> tuple[int, int, int, int] | None:
    """Length in bytes, samples, samples a second, and kbit/s of a frame."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bits, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bits in {0, 15} or rate_index == 3:
        return None
    kbits = _KBITS[1 if version == 3 else 2, layer][bits - 1]
    rate = _RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1_152
    slot = 4 if layer == 1 else 1
    return (samples // 8 // slot * kbits * 1_000 // rate + padding) * slot, samples, rate, kbits


def _counted(frame: bytes) -> int:
    """The number of frames that the first one states (Xing, Info or VBRI); 0 if it states none."""
    for mark in (b"Xing", b"Info"):
        at = frame.find(mark)
        if at >= 0 and frame[at + 7 : at + 8] and frame[at + 7] & 1:
            return int.from_bytes(frame[at + 8 : at + 12], "big")
    at = frame.find(b"VBRI")
    return int.from_bytes(frame[at + 14 : at + 18], "big") if at >= 0 else 0
