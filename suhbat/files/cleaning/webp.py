"""WebP (RFC 9649): a RIFF file; its extended form announces in `VP8X` what follows."""

from __future__ import annotations

from suhbat.files.window import BLOCK, Window

from . import exif
from .structure import MANY, Structure

_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def parse(source: Window) -> Structure:
    found = Structure(frames=0)
    end = min(source.size, 8 + source.number(4, 4, "little"))
    at, flags_at = 12, None
    for _ in range(MANY):
        name = source.at(at, 4)
        if at + 8 > end or len(name) < 4:
            break
        length = source.number(at + 4, 4, "little")
        if name == b"VP8X":
            if flags_at is None:
                flags_at = at + 8
                found.width = source.number(at + 12, 3, "little") + 1
                found.height = source.number(at + 15, 3, "little") + 1
                found.keep(at, 18)
        elif name in _KEPT:
            found.keep(at, min(8 + length + length % 2, end - at))
        elif name == b"EXIF" and flags_at is not None and found.orientation == 1 and length < BLOCK:
            found.orientation = exif.orientation(source.at(at + 8, length).removeprefix(b"Exif\0\0"))
        if not found.width:
            found.width, found.height = _size(source, name, at + 8)
        found.frames += name == b"ANMF"
        at += 8 + length + length % 2
    if found.orientation != 1:
        kept = exif.block(found.orientation)
        found.pieces.append(b"EXIF" + len(kept).to_bytes(4, "little") + kept)
    found.frames = max(found.frames, 1)
    return _with_header(source, found, flags_at, end)


def _size(source: Window, name: bytes, at: int) -> tuple[int, int]:
    """Width and height of a picture without `VP8X`, from the head of its data."""
    if name == b"VP8 " and source.at(at + 3, 3) == b"\x9d\x01\x2a":
        return source.number(at + 6, 2, "little") & 0x3FFF, source.number(at + 8, 2, "little") & 0x3FFF
    if name == b"VP8L" and source.number(at, 1) == 0x2F:
        bits = source.number(at + 1, 4, "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


def _with_header(source: Window, found: Structure, flags_at: int | None, end: int) -> Structure:
    """Put the header in front, with the new length, and the flags of `VP8X` that are still true."""
    pieces, found.pieces = found.pieces, []
    length = 4 + sum(len(one) if isinstance(one, bytes) else min(one[1], end - one[0]) for one in pieces)
    header = b"RIFF" + length.to_bytes(4, "little") + b"WEBP"
    if header == source.at(0, 12):
        found.keep(0, 12)
    else:
        found.pieces.append(header)
    for piece in pieces:
        if isinstance(piece, tuple) and flags_at is not None and piece[0] <= flags_at < sum(piece):
            flags = source.number(flags_at, 1)
            wanted = flags & ~(_HAS_EXIF | _HAS_XMP) | (_HAS_EXIF if found.orientation != 1 else 0)
            if wanted != flags:
                found.keep(piece[0], flags_at - piece[0])
                found.pieces.append(bytes([wanted]))
                piece = (flags_at + 1, sum(piece) - flags_at - 1)
        if isinstance(piece, bytes):
            found.pieces.append(piece)
        else:
            found.keep(*piece)
    return found
