"""The one entry of Exif that is not removed: the orientation."""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112
_SHORT = 3


def orientation(tiff: bytes) -> int:
    """The orientation (1 to 8) in a block of Exif, which begins with a TIFF header; 1 if there is none or it is broken."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return 1
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    if first + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, first)
    for at in range(first + 2, min(first + 2 + 12 * count, len(tiff) - 11), 12):
        tag, type_, number, value = struct.unpack_from(order + "HHIH", tiff, at)
        if tag == _ORIENTATION and type_ == _SHORT and number == 1:
            return value if 1 <= value <= 8 else 1
    return 1


def block(value: int) -> bytes:
    """A block of Exif with this orientation and nothing else."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, value, 0, 0)
