"""Where the bytes of files are: the interface of every place for them (tests/files/test_stores.py runs its contract)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from suhbat.chat.model import Backend


def new_key() -> str:
    """A name for bytes. Nobody chose it: nothing of a user is in a path."""
    return secrets.token_hex(13)


class OpenUpload(Protocol):
    """An open upload. Its methods block and raise OSError."""

    def write(self, data: bytes) -> None:
        """Add bytes at the end. They may be lost until `flush`."""
        ...

    def flush(self) -> None:
        """On return, everything that was written is durable."""
        ...

    def close(self) -> None:
        """Idempotent. Bytes that were not flushed may be lost."""
        ...


class FileStore(Protocol):
    """Bytes by key. The methods block, so they run in threads. They raise OSError.

    Bytes are first an *upload*, which grows at its end, then they are *complete* and never change. Every change is durable when
    its method returns, except as `OpenUpload` says. Complete bytes may have *parts* beside them, such as thumbnails.
    """

    @property
    def backend(self) -> Backend:
        """The kind of this store, which is recorded with each file."""
        ...

    def receive(self, key: str, offset: int) -> OpenUpload:
        """Continue an upload at `offset`, up to which it is flushed; at 0 it begins. What is above the offset is lost."""
        ...

    def local(self, key: str) -> Path:
        """A file on this machine with the bytes of an upload or with complete ones. The caller does not change it, and passes
        it to `release`."""
        ...

    def release(self, path: Path) -> None:
        """A path from `local` is no longer needed."""
        ...

    def adopt(self, key: str, path: Path, part: str = "") -> None:
        """Take over a local file as complete bytes with a new key, or as a part of complete bytes. `part`: letters and digits.
        The local file is gone afterwards."""
        ...

    def open(self, key: str, part: str = "") -> BinaryIO:
        """Complete bytes, or a part, for reading at any place. Raises FileNotFoundError."""
        ...

    def remove(self, key: str) -> None:
        """Remove an upload, or complete bytes with their parts. Idempotent."""
        ...

    def keys(self) -> Iterable[str]:
        """The keys of everything, in no particular order."""
        ...

    def free(self) -> int | None:
        """How many bytes still fit; None if nobody knows."""
        ...
