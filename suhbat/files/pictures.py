"""What can be done with a picture, or a film, without decoding it: its limits are checked, and its metadata is removed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .cleaning import FORMATS, Structure
from .window import Window

PIXELS = {"image/webp": 25_000_000, "image/avif": 36_000_000}
PIXELS_ELSEWHERE = 50_000_000
"""The largest canvas that is decoded, in pixels: what takes at most about 500 MB. The decoder of WebP holds it four times."""
SCALABLE_PIXELS = 250_000_000
"""The largest JPEG that is decoded if the decoder can make it smaller while it reads: cameras make 200 megapixels."""
MOVING_PIXELS = 2_000_000_000
"""The largest animation of which one frame is decoded, in pixels × frames: a browser would decode all of them."""


@dataclass(frozen=True)
class Examined:
    """width, height: as displayed, 0 if unknown. is_cleaned: whether a cleaned file was written, because the source has
    something to remove. pixels: the largest canvas that may be decoded; 0 if the picture is larger, or is none."""

    width: int
    height: int
    is_cleaned: bool
    pixels: int


def examine(source: Path, type_: str, cleaned: Path | None) -> Examined:
    """Read the structure of a picture, and write it to `cleaned` without its metadata, if it has any. Never raises for
    content; takes time that is bounded by the length of the file, and memory for a few blocks of 64 KB."""
    with source.open("rb") as file:
        structure, is_cleaned = clean(Window(file), type_, cleaned)
    return Examined(*structure.displayed, is_cleaned, _limit(structure, type_))


def clean(source: Window, type_: str, cleaned: Path | None) -> tuple[Structure, bool]:
    """The structure of a picture or a film, and whether it was written to `cleaned` because it has metadata."""
    structure = FORMATS[type_](source)
    if cleaned is None or structure.is_whole(source.size):
        return structure, False
    with cleaned.open("wb") as target:
        structure.write(source, target)
    return structure, True


def _limit(structure: Structure, type_: str) -> int:
    """The pixels that may be decoded, or 0."""
    pixels = structure.width * structure.height
    limit = SCALABLE_PIXELS if structure.scalable else PIXELS.get(type_, PIXELS_ELSEWHERE)
    return limit if 0 < pixels <= limit and pixels * structure.frames <= MOVING_PIXELS else 0
