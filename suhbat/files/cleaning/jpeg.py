"""JPEG (ITU T.81): a chain of segments, each of which begins with a marker."""

from __future__ import annotations

import re

from suhbat.files.window import Window

from . import exif
from .structure import MANY, Structure

_MARKER = re.compile(rb"\xff[^\x00\xff]")
_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker that ends the data of a scan: stuffed bytes and restart markers belong to it."""

_EOI, _SOS, _DNL = 0xD9, 0xDA, 0xDC
_BARE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_TABLES = {0xC4, 0xCC, 0xDB, _DNL, 0xDD}
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE


def parse(source: Window) -> Structure:
    found = Structure(scalable=True)
    found.keep(0, 2)
    at, components = 2, 0
    for _ in range(MANY):
        at = source.search(_MARKER, at)
        code = source.number(at + 1, 1)
        if code == _EOI:
            found.keep(at, 2)
            break
        if at >= source.size or (code not in _BARE and source.number(at + 2, 2) < 2):
            break
        if code in _BARE:
            at += 2
            continue
        end = at + 2 + source.number(at + 2, 2)
        if code == _SOS:
            found.scalable &= source.number(at + 4, 1) >= components  # else the decoder holds all coefficients
            end = source.search(_AFTER_SCAN, end)
            found.keep(at, end - at)
        elif code in _FRAMES and not components:
            found.height, found.width = source.number(at + 5, 2), source.number(at + 7, 2)
            components = source.number(at + 9, 1)
            found.scalable = code not in _PROGRESSIVE
            found.keep(at, end - at)
        elif code in _TABLES:
            found.keep(at, end - at)
        elif code in {_APP0, _APP1, _APP2, _APP14}:
            _application(source, found, code, at, end)
        at = end
    return found


def _application(source: Window, found: Structure, code: int, at: int, end: int) -> None:
    """Of the application's segments only the density, the colour profile, the colour transform and the orientation stay."""
    content = source.at(at + 4, end - at - 4)
    if code == _APP0 and content.startswith(b"JFIF\0") and len(content) >= 14:
        if content[12:14] == b"\0\0" and len(content) == 14:
            found.keep(at, end - at)
        else:  # a thumbnail of its own
            found.pieces.append(b"\xff\xe0\x00\x10" + content[:12] + b"\0\0")
    elif code == _APP1 and content.startswith(b"Exif\0") and found.orientation == 1:
        found.orientation = exif.orientation(content[6:])
        if found.orientation != 1:
            kept = b"Exif\0\0" + exif.block(found.orientation)
            found.pieces.append(b"\xff\xe1" + (len(kept) + 2).to_bytes(2, "big") + kept)
    elif (code == _APP2 and content.startswith(b"ICC_PROFILE\0")) or (
        code == _APP14 and content.startswith(b"Adobe") and len(content) == 12
    ):
        found.keep(at, end - at)
