"""The boxes of the ISO base media format (ISO/IEC 14496-12): MP4, QuickTime, AVIF and HEIC are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .window import Window

MANY_BOXES = 20_000
"""Boxes of one level that are looked at."""


class Box(NamedTuple):
    """A box: `at` is the offset of its header, `body` of its content, `end` behind it; never beyond its parent's end, in which
    case it is not whole."""

    name: bytes
    at: int
    body: int
    end: int
    is_whole: bool


def boxes(source: Window, at: int, end: int) -> Iterator[Box]:
    """The boxes from `at` to `end`. They end where the structure breaks, and when the window's `parts` are used up."""
    for _ in range(MANY_BOXES):
        header = source.at(at, 16)
        if at + 8 > end or len(header) < 8 or source.parts <= 0:
            return
        source.parts -= 1
        length, body = int.from_bytes(header[:4], "big"), at + 8
        if length == 1:
            length, body = int.from_bytes(header[8:16], "big"), at + 16
        elif length == 0:
            length = end - at
        if length < body - at:
            return
        yield Box(header[4:8], at, body, min(at + length, end), at + length <= end)
        at += length


def child(source: Window, parent: Box, name: bytes, skip: int = 0) -> Box | None:
    """The first box of this name in another, behind `skip` bytes of its content."""
    return next((box for box in boxes(source, parent.body + skip, parent.end) if box.name == name), None)
