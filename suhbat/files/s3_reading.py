"""Reading an object of S3 at any place, without loading all of it."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from .s3_bucket import S3Bucket

BLOCK = 1024 * 1024
"""What is loaded at once for a reader who reads on: a request to S3 takes some 20 ms, however little it loads."""
SMALL = 64 * 1024
"""The least that is loaded for a reader who jumps: a browser asks for the first two bytes of a film."""


def reader(bucket: S3Bucket, name: str) -> BinaryIO:
    """An object for reading. Raises FileNotFoundError."""
    return io.BufferedReader(_Object(bucket, name, bucket.size(name)), SMALL)


class _Object(io.RawIOBase):
    def __init__(self, bucket: S3Bucket, name: str, size: int) -> None:
        self._bucket, self._name, self._size = bucket, name, size
        self._at = 0
        self._start, self._block = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        end = self._start + len(self._block)
        if not self._start <= self._at < end:
            length = max(wanted, BLOCK) if self._at == end else wanted
            self._start, self._block = self._at, self._bucket.read(self._name, self._at, length)
        piece = self._block[self._at - self._start :][:wanted]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
