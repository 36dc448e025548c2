"""Where the bytes of files are: the interface of every place for them (tests/files/test_stores.py runs its contract)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from suhbat.chat.model import Backend, Milliseconds

HOLD = "hold"
"""While something of this name is in a store, no bytes are removed from it: a backup has copied the database and is copying the
files. After a day it no longer counts, in case the backup has died."""


def new_key() -> str:
    """A name for bytes. Nobody chose it: nothing of a user is in a path."""
    return secrets.token_hex(13)


class StoreUnreachable(OSError):
    """A store does not answer or refuses us. Nothing is wrong with the bytes: later it may work."""


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
    """Bytes by key. The methods block, so they run in threads. They raise OSError, `StoreUnreachable` if the whole store fails.

    Bytes are first an *upload*, which grows at its end, then they are *complete* and never change. Every change is durable when
    its method returns, except as `OpenUpload` says. Complete bytes may have *parts* beside them, such as thumbnails.
    """

    @property
    def backend(self) -> Backend:
        """The kind of this store, which is recorded with each file."""
        ...

    def check(self) -> None:
        """Raise OSError if the store cannot be used now; its text says why."""
        ...

    def receive(self, key: str, offset: int) -> OpenUpload:
        """Continue an upload at `offset`, up to which it is flushed; at 0 it begins. What is above the offset is lost, at once
        or as far as it is written over."""
        ...

    def local(self, key: str, work: Path) -> Path:
        """A file on this machine with the bytes of an upload or with complete ones. Within the directory `work` it is a copy,
        which belongs to the caller. Anywhere else these are the bytes themselves, which the caller does not change. Raises
        FileNotFoundError if there are none."""
        ...

    def adopt(self, key: str, path: Path, part: str = "") -> None:
        """Take over a local file as complete bytes with a new key, or as a part of complete bytes. `part`: letters and digits.
        The local file is gone afterwards. Whoever repeats it replaces what was there."""
        ...

    def open(self, key: str, part: str = "") -> BinaryIO:
        """Complete bytes, or a part, for reading at any place. Raises FileNotFoundError."""
        ...

    def size(self, key: str, part: str = "") -> int:
        """How many bytes there are of an upload, or of complete bytes or a part. Raises FileNotFoundError if there are none."""
        ...

    def remove(self, key: str) -> None:
        """Remove an upload, or complete bytes with their parts. Idempotent."""
        ...

    def remove_unfinished(self, before: Milliseconds) -> None:
        """Remove what processes that were killed have left since before then, as far as it belongs to no key."""
        ...

    def keys(self) -> Iterable[str]:
        """The keys of everything, in no particular order."""
        ...

    def held_since(self) -> Milliseconds | None:
        """When a backup put HOLD there; None if there is none."""
        ...

    def free(self) -> int | None:
        """How many bytes still fit; None if nobody knows."""
        ...
