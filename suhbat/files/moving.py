"""Moves complete bytes from one store to the other. It may be killed and run again at any time, and servers may be at work."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from suhbat.chat.files import moved_key
from suhbat.chat.model import Milliseconds, StoredBytes
from suhbat.chat.ports import Clock, FileRecords

from .store import FileStore
from .threads import FileThreads

BLOCK = 1024 * 1024


class Damaged(OSError):
    """A copy is not the same as what was copied."""


class Moved(NamedTuple):
    """Bytes of files that were looked at. `is_missing`: they were not there, or not all of them, and nothing was changed."""

    key: str
    size: int
    is_missing: bool


class Move:
    """`work`: a directory for one file at a time. `delay`: how long the old bytes stay, for those who are reading them."""

    def __init__(
        self,
        records: FileRecords,
        source: FileStore,
        target: FileStore,
        work: Path,
        clock: Clock,
        threads: FileThreads,
        delay: Milliseconds,
    ) -> None:
        self._records = records
        self._source = source
        self._target = target
        self._work = work
        self._clock = clock
        self._threads = threads
        self._delay = delay

    async def run(self) -> AsyncIterator[Moved]:
        """Copy everything, read it back, and only then record it and queue the old bytes for removal. Raises OSError if a store
        fails; what was moved by then stays moved."""
        above = ""
        while page := await self._records.complete_bytes(self._source.backend, above):
            for one in page:
                above = one.key
                key = moved_key(one.key)
                is_there = await self._threads.run(self._copy, one, key)
                if is_there:
                    due = self._clock.wall() + self._delay
                    await self._records.bytes_moved(one, self._target.backend, key, due)
                yield Moved(one.key, one.size, not is_there)

    def _copy(self, bytes_: StoredBytes, key: str) -> bool:
        """Whether all of them were there to be copied."""
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._work / "moving"
        for part in ("", *bytes_.thumbnails.split()):
            try:
                source = self._source.open(bytes_.key, part)
            except FileNotFoundError:
                return False
            with source, path.open("wb") as local:
                shutil.copyfileobj(source, local, BLOCK)
            with path.open("rb") as local:
                size, digest = _summary(local)
            if not part and size != bytes_.size:
                path.unlink()
                return False
            self._target.adopt(key, path, part)
            with self._target.open(key, part) as copy:
                if _summary(copy) != (size, digest):
                    raise Damaged(f"the copy of {bytes_.key} in the other store is not the same")
        return True


def _summary(file: BinaryIO) -> tuple[int, bytes]:
    """How many bytes a file has from here on, and their SHA-256."""
    size, digest = 0, sha256()
    while data := file.read(BLOCK):
        size += len(data)
        digest.update(data)
    return size, digest.digest()
