"""A disk that forgets: after a power cut, only what a successful flush covered is certainly there."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

SECTOR = 512

Fate = Literal["pending", "durable", "doubtful"]


@dataclass(slots=True)
class Write:
    """Bytes at an offset. Without bytes, the file is truncated to that length."""

    offset: int
    data: bytes | None
    fate: Fate = "pending"


@dataclass(slots=True)
class File:
    """`base`: the content that is certainly durable; `writes`: those after it, in order."""

    base: bytearray = field(default_factory=bytearray)
    writes: list[Write] = field(default_factory=list)

    def flush(self, count: int, fate: Fate) -> None:
        """A flush that began after this many writes has succeeded."""
        for write in self.writes[:count]:
            if write.fate == "pending":
                write.fate = fate
        while self.writes and self.writes[0].fate == "durable":
            _apply(self.base, self.writes.pop(0), None)

    def found(self, chance: random.Random, keep: float) -> bytes:
        """The file as a cut may leave it: each sector that is not durable is there with the probability `keep`."""
        image = bytearray(self.base)
        for write in self.writes:
            _apply(image, write, None if write.fate == "durable" else lambda: chance.random() < keep)
        return bytes(image)


def _apply(image: bytearray, write: Write, kept: Callable[[], bool] | None) -> None:
    if write.data is None:
        if kept is None or kept():
            del image[write.offset :]
            image.extend(bytes(write.offset - len(image)))
        return
    for start in range(0, len(write.data), SECTOR):
        part = write.data[start : start + SECTOR]
        if kept is None or kept():
            at = write.offset + start
            image.extend(bytes(max(at + len(part) - len(image), 0)))
            image[at : at + len(part)] = part
