"""AVIF and HEIC (ISO/IEC 23008-12): items, whose places in the file stand in a table.

So nothing may move: what is removed is overwritten, and its item gets a type that readers ignore. The orientation is a property
of the picture (`irot`, `imir`) and stays; its copy in Exif, which readers are to ignore, goes.
"""

from __future__ import annotations

from collections.abc import Iterator

from suhbat.files.boxes import Box, boxes, child
from suhbat.files.window import Window

from .blanks import FREE, Blank, emptied, film, keep_all_but
from .structure import MANY, Structure

_KEPT = {b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"moof", b"sidx", b"mfra"}
_META = {b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"grpl", b"ipro"}
_DESCRIBING = {b"udes", b"altt", b"crtt", b"mdft"}
"""Properties with descriptions, alternative texts and times."""
_METADATA = {b"Exif", b"mime", b"uri "}
"""Items that are no pictures."""


def parse(source: Window) -> Structure:
    found = Structure()
    blanks: list[Blank] = []
    end, head, has_table = 0, 0, False
    for box in boxes(source, 0, source.size):
        end = box.end
        head = head or end
        has_table |= box.is_whole and box.name in {b"meta", b"moov"}
        if box.name not in _KEPT:
            blanks += emptied(box)
        elif box.name == b"meta":
            blanks += _meta(source, found, box)
        elif box.name == b"moov":
            blanks += film(source, box)
    if not has_table:  # what is a picture and what is not cannot be told
        found.keep(0, head)
        return found
    keep_all_but(found, source, blanks, end)
    return found


def _meta(source: Window, found: Structure, meta: Box) -> Iterator[Blank]:
    """The items that are no picture, and the properties that describe."""
    removed: set[int] = set()
    for box in boxes(source, meta.body + 4, meta.end):
        if box.name == b"iinf":
            for item, at in _items(source, box):
                if source.at(at, 4) in _METADATA:
                    removed.add(item)
                    yield at, 4, FREE
        elif box.name == b"iprp" and (properties := child(source, box, b"ipco")):
            yield from _properties(source, found, properties)
        elif box.name not in _META:
            yield from emptied(box)
    if not (places := child(source, meta, b"iloc", 4)):
        return
    data = child(source, meta, b"idat", 4)
    for item, at, length in _extents(source, places, data):
        if item in removed:
            yield at, length, b""


def _items(source: Window, box: Box) -> Iterator[tuple[int, int]]:
    """The number of each item, and where its type is."""
    skip = 6 if source.number(box.body, 1) == 0 else 8
    for entry in boxes(source, box.body + skip, box.end):
        if entry.name == b"infe" and (version := source.number(entry.body, 1)) >= 2:
            wide = 2 if version == 2 else 4
            yield source.number(entry.body + 4, wide), entry.body + 6 + wide


def _properties(source: Window, found: Structure, properties: Box) -> Iterator[Blank]:
    for box in boxes(source, properties.body, properties.end):
        if box.name in _DESCRIBING:
            yield from emptied(box)
        elif box.name == b"ispe":
            width, height = source.number(box.body + 4, 4), source.number(box.body + 8, 4)
            if width * height > found.width * found.height:  # the others are tiles and thumbnails
                found.width, found.height = width, height
        elif box.name == b"irot" and source.number(box.body, 1) & 1:
            found.orientation = 6


def _extents(source: Window, box: Box, data: Box | None) -> Iterator[tuple[int, int, int]]:
    """Item, offset and length of each range of the file that belongs to an item."""
    version, sizes, at = source.number(box.body, 1), source.number(box.body + 4, 2), box.body + 6
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = 4 if version == 2 else 2
    count, at = source.number(at, wide), at + wide
    left = MANY
    while count > 0 and at < box.end and left > 0:
        item, at = source.number(at, wide), at + wide
        method = source.number(at, 2) & 15 if version else 0
        at += 4 if version else 2
        base, at = source.number(at, base_size), at + base_size
        extents, at = source.number(at, 2), at + 2
        for _ in range(min(extents, left)):
            offset = base + source.number(at + index_size, offset_size)
            length = source.number(at + index_size + offset_size, length_size)
            at += index_size + offset_size + length_size
            if method == 1 and data:
                offset += data.body
            if method == 0 or (method == 1 and data):
                yield item, offset, min(length or source.size, max(source.size - offset, 0))
        left -= extents + 1
        count -= 1
