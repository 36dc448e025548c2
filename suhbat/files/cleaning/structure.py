"""What the structure of a picture shows before anything is decoded, and which of its bytes are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from suhbat.files.window import BLOCK, Window

MANY = 100_000
"""Parts (segments, chunks, blocks, boxes) of one picture that are looked at. A file with more of them ends there."""


@dataclass
class Structure:
    """width, height: of the canvas as stored, 0 if unknown. frames: the pictures of an animation, else 1. orientation: as in
    Exif, 1 to 8. scalable: whether a decoder can shrink the picture while it decodes, in little memory.

    pieces: the cleaned file in order: ranges (offset, length) of the source, and bytes that replace something."""

    width: int = 0
    height: int = 0
    frames: int = 1
    orientation: int = 1
    scalable: bool = False
    pieces: list[tuple[int, int] | bytes] = field(default_factory=list)

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height after the orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    def keep(self, offset: int, length: int) -> None:
        """Keep a range of the source."""
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, tuple) and sum(last) == offset:
            self.pieces[-1] = (last[0], last[1] + length)
        elif length > 0:
            self.pieces.append((offset, length))

    def is_whole(self, size: int) -> bool:
        """Whether nothing was removed from a source of `size` bytes."""
        return len(self.pieces) == 1 and isinstance(only := self.pieces[0], tuple) and only[0] == 0 and only[1] >= size

    def write(self, source: Window, target: BinaryIO) -> None:
        """Write the cleaned file."""
        for piece in self.pieces:
            if isinstance(piece, bytes):
                target.write(piece)
                continue
            offset, length = piece
            while length > 0 and (block := source.at(offset, min(length, BLOCK))):
                target.write(block)
                offset, length = offset + len(block), length - len(block)
