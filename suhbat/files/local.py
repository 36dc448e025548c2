"""Bytes of files in a local directory: at most 256 directories, because `uvicorn --reload` watches each, and names that are
keys. Files are for the user of the server only (mode 0600)."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from suhbat.chat.model import Milliseconds
from suhbat.directories import make_directory, sync_directory

from .store import HOLD, OpenUpload

_KEY = re.compile(r"[0-9a-f]{26}")
_PART = re.compile(r"[a-z0-9]{0,8}")


class LocalFileStore:
    """Implements `files.store.FileStore` in the directory `place`, which is made at the first upload. `shared`: whether
    other nodes write there, too."""

    backend: Literal["local"] = "local"

    def __init__(self, place: Path, *, shared: bool = False) -> None:
        self._place = place
        self._shared = shared

    def check(self) -> None:
        if self._place.exists() and not os.access(self._place, os.W_OK | os.X_OK):
            raise PermissionError(f"the server may not write to {self._place}")

    def receive(self, key: str, offset: int) -> OpenUpload:
        path = self._path(key)
        if offset == 0:
            make_directory(path.parent)
        # Without O_CREAT above 0: an upload whose bytes are gone must fail, not go on with a hole.
        descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if offset == 0 else 0) | getattr(os, "O_BINARY", 0), 0o600)
        try:
            if os.fstat(descriptor).st_size < offset:
                raise OSError(f"the upload {key} has fewer than {offset} bytes")
            if not self._shared:
                os.ftruncate(descriptor, offset)
            # With other nodes a request may come late, when the next one was acknowledged elsewhere already. It must not take
            # those bytes away; nor are there ever more bytes than the upload has when it is complete.
            os.lseek(descriptor, offset, os.SEEK_SET)
            if offset == 0:
                sync_directory(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return _LocalUpload(descriptor)

    def local(self, key: str, work: Path) -> Path:
        path = self._path(key)
        if not self._shared:
            path.stat()
            return path
        # A request on another node may still write to an upload. What was looked at must not change any more.
        return Path(shutil.copyfile(path, work / key))

    def adopt(self, key: str, path: Path, part: str = "") -> None:
        target = self._path(key, part)
        make_directory(target.parent)
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        if os.name != "nt":
            path.chmod(0o600)
        shutil.move(path, target)  # a rename, unless the directories are on two disks
        sync_directory(target.parent)

    def open(self, key: str, part: str = "") -> BinaryIO:
        return self._path(key, part).open("rb")

    def size(self, key: str, part: str = "") -> int:
        return self._path(key, part).stat().st_size

    def remove(self, key: str) -> None:
        path = self._path(key)
        found = [path, *path.parent.glob(f"{key}.*")]
        for one in found:
            one.unlink(missing_ok=True)
        if len(found) > 1 or path.parent.exists():
            sync_directory(path.parent)

    def remove_unfinished(self, before: Milliseconds) -> None:
        """There is nothing: everything that it makes has a key."""

    def keys(self) -> Iterator[str]:
        for directory in sorted(self._place.glob("[0-9a-f][0-9a-f]")):
            yield from sorted({path.name.partition(".")[0] for path in directory.iterdir() if _KEY.match(path.name)})

    def held_since(self) -> Milliseconds | None:
        try:
            return int((self._place / HOLD).stat().st_mtime * 1000)
        except FileNotFoundError:
            return None

    def free(self) -> int | None:
        there = next(one for one in (self._place, *self._place.absolute().parents) if one.exists())
        return shutil.disk_usage(there).free

    def _path(self, key: str, part: str = "") -> Path:
        # Keys come from the database. One that is none must not lead out of the directory, whoever wrote it there.
        if not _KEY.fullmatch(key) or not _PART.fullmatch(part):
            raise FileNotFoundError(f"{key!r} is no key")
        return self._place / key[:2] / (f"{key}.{part}" if part else key)


class _LocalUpload:
    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def write(self, data: bytes) -> None:
        assert self._descriptor is not None
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def flush(self) -> None:
        assert self._descriptor is not None
        os.fsync(self._descriptor)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
