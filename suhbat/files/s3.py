"""Bytes of files in S3. Below the prefix each key is a directory: `whole` has complete bytes, `part.…` the parts beside them,
`at.…` are the chunks of an upload (files/s3_upload.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from suhbat.chat.model import Milliseconds

from .s3_bucket import S3Bucket
from .s3_reading import reader
from .s3_upload import S3Upload, covering, parse_chunks
from .store import HOLD, OpenUpload

_KEY = re.compile(r"[0-9a-f]{26}")
_PART = re.compile(r"[a-z0-9]{0,8}")
PIECE = 8 * 1024 * 1024
"""What is loaded at once into a local file."""


class S3FileStore:
    """Implements `files.store.FileStore`. Any number of nodes may use the same bucket."""

    backend: Literal["s3"] = "s3"

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket

    def check(self) -> None:
        next(self._bucket.list(), None)

    def receive(self, key: str, offset: int) -> OpenUpload:
        return S3Upload(self._bucket, _checked(key), offset, parse_chunks(self._bucket.list(key)))

    def local(self, key: str, work: Path) -> Path:
        entries = list(self._bucket.list(_checked(key)))
        whole = [(one.name, 0, one.size) for one in entries if one.name == _name(key)]
        pieces, at = whole, 0
        if not whole:
            pieces = []
            for name, start, end in covering(parse_chunks(entries)):
                pieces.append((name, at - start, end - at))
                at = end
        if not pieces:
            raise FileNotFoundError(f"there are no bytes with the key {key}")
        path = work / key
        with path.open("wb") as file:
            for name, start, length in pieces:
                while length > 0:
                    data = self._bucket.read(name, start, min(length, PIECE))
                    file.write(data)
                    start, length = start + len(data), length - len(data)
        return path

    def adopt(self, key: str, path: Path, part: str = "") -> None:
        self._bucket.send(_name(key, part), path)
        path.unlink()

    def open(self, key: str, part: str = "") -> BinaryIO:
        return reader(self._bucket, _name(key, part))

    def size(self, key: str, part: str = "") -> int:
        try:
            return self._bucket.size(_name(key, part))
        except FileNotFoundError:
            chunks = [] if part else covering(parse_chunks(self._bucket.list(key)))
            if not chunks:
                raise
            return chunks[-1].end

    def remove(self, key: str) -> None:
        self._bucket.remove([one.name for one in self._bucket.list(_checked(key))])

    def remove_unfinished(self, before: Milliseconds) -> None:
        self._bucket.abort_unfinished(before)

    def keys(self) -> Iterator[str]:
        last = ""
        for entry in self._bucket.list():
            key = entry.name.partition("/")[0]
            if key != last and _KEY.fullmatch(key):
                last = key
                yield key

    def held_since(self) -> Milliseconds | None:
        try:
            return self._bucket.touched(HOLD)
        except FileNotFoundError:
            return None

    def free(self) -> int | None:
        return None


def _checked(key: str) -> str:
    # Keys come from the database. One that is none must not lead anywhere else, whoever wrote it there.
    if not _KEY.fullmatch(key):
        raise FileNotFoundError(f"{key!r} is no key")
    return key


def _name(key: str, part: str = "") -> str:
    if not _PART.fullmatch(part):
        raise FileNotFoundError(f"{part!r} is no part")
    return f"{_checked(key)}/" + (f"part.{part}" if part else "whole")
