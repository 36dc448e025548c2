"""PNG, third edition (with APNG): a signature and chunks, each with its length and a checksum."""

from __future__ import annotations

import zlib

from suhbat.files.window import BLOCK, Window

from . import exif
from .structure import MANY, Structure

_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT"),
    *(b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"),
}


def parse(source: Window) -> Structure:
    found = Structure(frames=0)
    found.keep(0, 8)
    at = 8
    for _ in range(MANY):
        name = source.at(at + 4, 4)
        if len(name) < 4:
            break
        length = source.number(at, 4)
        if name == b"IHDR" and not found.width:
            found.width, found.height = source.number(at + 8, 4), source.number(at + 12, 4)
        if name in _KEPT:
            found.keep(at, 12 + length)
        elif name == b"eXIf" and found.orientation == 1 and length < BLOCK:
            found.orientation = exif.orientation(source.at(at + 8, length))
            if found.orientation != 1:
                found.pieces.append(_chunk(b"eXIf", exif.block(found.orientation)))
        found.frames += name == b"fcTL"
        if name == b"IEND":
            break
        at += 12 + length
    found.frames = max(found.frames, 1)
    return found


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
