"""MP4 and QuickTime: telephones write the place into the head of a film. It goes, and the film stays as it is.

Nothing else of a film is read, so a track of its own with places, which some action cameras record, stays."""

from __future__ import annotations

from suhbat.files.boxes import boxes
from suhbat.files.window import Window

from .blanks import Blank, emptied, film, keep_all_but
from .structure import Structure


def parse(source: Window) -> Structure:
    found = Structure()
    blanks: list[Blank] = []
    for box in boxes(source, 0, source.size):
        if box.name in {b"udta", b"meta", b"uuid"}:
            blanks += emptied(box)
        elif box.name == b"moov":
            blanks += film(source, box)
    keep_all_but(found, source, blanks, source.size)
    return found
