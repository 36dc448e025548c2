"""Removes parts of a file whose other parts must not move: what is removed is overwritten with zeros of the same length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from suhbat.files.boxes import Box, boxes
from suhbat.files.window import BLOCK, Window

from .structure import Structure

Blank = tuple[int, int, bytes]
"""Offset and length of a range of the source, and what it begins with afterwards; zeros follow."""

FREE = b"free"
"""The type of a box, or of an item, that readers ignore."""
_TOLD = {b"udta", b"meta", b"uuid"}
_ZEROS = bytes(BLOCK)


def emptied(box: Box) -> Iterator[Blank]:
    """A box as free space of the same length."""
    yield box.at + 4, 4, FREE
    yield box.body, box.end - box.body, b""


def film(source: Window, moov: Box) -> Iterator[Blank]:
    """What the head of a film, or of a sequence of pictures, tells besides how to show it: places, cameras, names. Its tracks
    have such parts, too."""
    for box in boxes(source, moov.body, moov.end):
        if box.name in _TOLD:
            yield from emptied(box)
        elif box.name == b"trak":
            for part in boxes(source, box.body, box.end):
                if part.name in _TOLD:
                    yield from emptied(part)


def keep_all_but(found: Structure, source: Window, blanks: Iterable[Blank], end: int) -> None:
    """Keep the source up to `end`, but for the blanks. They may be in any order and overlap."""
    position = 0
    for at, length, start in sorted(blanks):
        if length <= BLOCK and source.at(at, length) == start + bytes(length - len(start)):
            continue  # it is blank already
        if position < at + length <= end:
            found.keep(position, at - position)
            _fill(found, at + length - max(at, position), start if at >= position else b"")
            position = at + length
    found.keep(position, end - position)


def _fill(found: Structure, length: int, start: bytes) -> None:
    start = start if len(start) <= length else b""
    if start:
        found.pieces.append(start)
    left = length - len(start)
    found.pieces += [_ZEROS] * (left // len(_ZEROS))
    if left % len(_ZEROS):
        found.pieces.append(_ZEROS[: left % len(_ZEROS)])
