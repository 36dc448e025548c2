"""Uploads in S3. An object there cannot grow, so an upload is a row of *chunks*: objects whose names say where they begin.

Why this is not one multipart upload: its parts have 5 MB or more, so the last bytes before each acknowledgement would need
objects of their own anyway, and its id would have to be kept. Chunks need nothing between two requests: any node lists them and
goes on, also after kill -9. A complete upload is loaded anyway, to be looked at; then it becomes one object.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .s3_bucket import Entry, S3Bucket

CHUNK = 2 * 1024 * 1024
"""The bytes of a chunk, and so the memory of an open upload."""
SMALL = CHUNK // 2
"""A last chunk that is smaller is written again together with what follows, so that there are never many small ones."""


class Chunk(NamedTuple):
    """The bytes of an upload from `start` up to `end`, in the object `name`."""

    name: str
    start: int
    end: int


def parse_chunks(entries: Iterable[Entry]) -> list[Chunk]:
    """The chunks among the objects of a key."""
    found = []
    for name, size in entries:
        kind, _, start = name.rpartition("/")[2].partition(".")
        if kind == "at":
            begin = int(start.partition(".")[0])
            found.append(Chunk(name, begin, begin + size))
    return found


def covering(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The fewest of these chunks that have all bytes from 0 on, up to the first gap, in their order. Chunks overlap if a
    process was killed while it replaced one, or if two nodes received the same bytes."""
    found: list[Chunk] = []
    while True:
        at = found[-1].end if found else 0
        following = max((one for one in chunks if one.start <= at < one.end), key=lambda one: one.end, default=None)
        if following is None:
            return found
        found.append(following)


class S3Upload:
    """Implements `files.store.OpenUpload` for the upload `key` at `offset`. `chunks`: all that there are. Raises OSError if
    they have fewer bytes than that."""

    def __init__(self, bucket: S3Bucket, key: str, offset: int, chunks: Sequence[Chunk]) -> None:
        self._bucket, self._key = bucket, key
        used = covering([one for one in chunks if one.start < offset])
        while used and len(used) > 1 and used[-2].end >= offset:
            used.pop()
        if (used[-1].end if used else 0) < offset:
            raise OSError(f"the upload {key} has fewer than {offset} bytes")
        bucket.remove([one.name for one in chunks if one not in used])
        self._start, self._data = offset, bytearray()
        self._replaced: list[str] = []
        """Chunks whose bytes are in the next one. They go when that is there."""
        self._has_new = False
        if used and (used[-1].end > offset or offset - used[-1].start < SMALL):
            last = used[-1]
            self._start = last.start
            self._data += bucket.read(last.name, 0, offset - last.start)
            self._replaced.append(last.name)

    def write(self, data: bytes) -> None:
        self._data += data
        self._has_new = True
        if len(self._data) >= CHUNK:
            self._put()

    def flush(self) -> None:
        if self._has_new:
            self._put()

    def close(self) -> None:
        self._data.clear()
        self._has_new = False

    def _put(self) -> None:
        # The names differ, so a late request of another node replaces nothing.
        name = f"{self._key}/at.{self._start:015d}.{secrets.token_hex(4)}"
        self._bucket.put(name, bytes(self._data))
        self._start += len(self._data)
        self._data.clear()
        self._has_new = False
        self._bucket.remove(self._replaced)
        self._replaced.clear()
