"""Random access to a file of any size in bounded memory."""

from __future__ import annotations

import os
import re
from typing import BinaryIO

BLOCK = 65_536
PARTS = 200_000
"""Parts (boxes, elements) of one file that are looked at, on all levels together: an hour of a film has some 10,000."""


class Window:
    """Reads a binary file at any offset, a block at a time. Offsets beyond the end give fewer bytes or none; nothing raises
    for them. `size` is the length in bytes when the window was made.

    `parts`: how many parts its readers may still look at. Without this, a file of 100 MB could have 12 million of them, and
    what is known of each would fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self.parts = PARTS
        self._start = 0
        self._block = b""

    def at(self, offset: int, length: int) -> bytes:
        """The bytes from `offset`, at most `length` of them and at most a block (64 KB)."""
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        length = min(length, BLOCK)
        if not self._start <= offset or offset + length > self._start + len(self._block):
            self._file.seek(offset)
            self._start, self._block = offset, self._file.read(BLOCK)
        return self._block[offset - self._start : offset - self._start + length]

    def number(self, offset: int, length: int, order: str = "big") -> int:
        """An unsigned integer of `length` bytes; missing bytes count as absent, so a number at the end is smaller."""
        return int.from_bytes(self.at(offset, length), "little" if order == "little" else "big")

    def search(self, pair: re.Pattern[bytes], offset: int) -> int:
        """The offset of the first match of a pattern of two bytes; `size` if there is none."""
        while offset < self.size:
            block = self.at(offset, BLOCK)
            if found := pair.search(block):
                return offset + found.start()
            offset += max(1, len(block) - 1)  # a pair may lie across two blocks
        return self.size
