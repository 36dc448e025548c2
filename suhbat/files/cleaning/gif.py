"""GIF89a: a canvas, then blocks; an image is a chain of sub-blocks of at most 255 bytes."""

from __future__ import annotations

from suhbat.files.window import BLOCK, Window

from .structure import MANY, Structure

_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_APPLICATIONS = {b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"}
"""How often an animation repeats, and the colour profile."""


def parse(source: Window) -> Structure:
    found = Structure(frames=0)
    found.width, found.height = source.number(6, 2, "little"), source.number(8, 2, "little")
    at = 13 + _table(source.number(10, 1))
    found.keep(0, at)
    for _ in range(MANY):
        block = source.at(at, 14)
        if not block or block[0] not in {_IMAGE, _EXTENSION, _END}:
            break
        if block[0] == _END:
            found.keep(at, 1)
            break
        if block[0] == _IMAGE:
            end = _sub_blocks(source, at + 11 + _table(source.number(at + 9, 1)))
            found.frames += 1
        else:
            end = _sub_blocks(source, at + 2)
        if block[0] == _IMAGE or block[1:2] == bytes([_CONTROL]) or _is_kept(block):
            found.keep(at, end - at)
        at = end
    found.frames = max(found.frames, 1)
    return found


def _is_kept(block: bytes) -> bool:
    return block[1:3] == bytes([_APPLICATION, 11]) and block[3:14] in _APPLICATIONS


def _table(flags: int) -> int:
    """The length of a colour table in bytes."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(source: Window, at: int) -> int:
    """The offset behind a chain of sub-blocks, or the end of the file."""
    while at < source.size:
        block = source.at(at, BLOCK)
        position = 0
        while position < len(block):  # millions of sub-blocks in a large file: nothing else is done for each
            length = block[position]
            if not length:
                return at + position + 1
            position += length + 1
        at += position
    return source.size
