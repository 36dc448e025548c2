"""Reading the bytes of files, in threads, so that downloads cost the event loop next to nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import BinaryIO

import structlog

from suhbat.chat.model import StoredFile
from suhbat.errors import NotFound, StorageUnavailable, log_text

from .direct import DirectConnection, DirectSender
from .stores import FileStores
from .threads import FileThreads

log = structlog.get_logger("suhbat.files")

CHUNK = 256 * 1024
"""Bytes that are read at once: few turns of the loop for a large file, little memory for a slow reader."""
AGAIN_SECONDS = 5
"""When to try again if a store does not answer."""


class OpenFile:
    """Bytes that are open for reading. `size`: of all of them. `etag`: they never change under it. Call `close`."""

    def __init__(self, file: BinaryIO, threads: FileThreads, sender: DirectSender, size: int, etag: str) -> None:
        self.size = size
        self.etag = etag
        self._sender = sender
        self._file = file
        self._threads = threads

    async def chunks(self, start: int, length: int) -> AsyncIterator[bytes]:
        """`length` bytes from `start` on."""
        while length > 0:
            data = await self._threads.run(self._read, start, min(length, CHUNK))
            if not data:
                raise OSError("the bytes of a file are shorter than its record says")
            start, length = start + len(data), length - len(data)
            yield data

    async def send(self, connection: DirectConnection, start: int, length: int) -> int:
        """Send a part past the event loop; see `DirectSender.send`. Returns 0 if the bytes are in no file of this machine."""
        try:
            descriptor = self._file.fileno()
        except OSError:
            return 0
        return await self._sender.send(connection, descriptor, start, length)

    def _read(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        return self._file.read(length)

    async def close(self) -> None:
        await self._threads.run(self._file.close)


class Downloads:
    def __init__(self, stores: FileStores, threads: FileThreads, sender: DirectSender) -> None:
        self._stores = stores
        self._threads = threads
        self._sender = sender
        self.opened = 0
        """How many were opened since the start."""

    def close(self) -> None:
        self._sender.close()

    async def open(self, file: StoredFile, side: int | None = None) -> OpenFile:
        """Open the bytes of a file. `side`: a thumbnail with this longest side, in pixels, or the next smaller one there is.
        Raises NotFound, also if the file has no thumbnails, and StorageUnavailable."""
        part = "" if side is None else _thumbnail(file, side)
        try:
            opened, size = await self._threads.run(self._open, file, part)
        except FileNotFoundError:
            raise NotFound() from None
        except OSError as error:
            log.error("files: bytes cannot be read", file=file.id, error=log_text(error))
            raise StorageUnavailable(retry_after=AGAIN_SECONDS, seconds=AGAIN_SECONDS) from error
        self.opened += 1
        etag = f'"{blake2b(f"{file.key} {part}".encode(), digest_size=12).hexdigest()}"'
        return OpenFile(opened, self._threads, self._sender, size, etag)

    def _open(self, file: StoredFile, part: str) -> tuple[BinaryIO, int]:
        opened = self._stores.of(file.backend).open(file.key, part)
        size = opened.seek(0, 2)
        return opened, size


def _thumbnail(file: StoredFile, side: int) -> str:
    """The part with this thumbnail. Small pictures have fewer sizes. Raises NotFound."""
    sides = [int(one) for one in file.thumbnails.split()]
    if not sides:
        raise NotFound()
    return str(max((one for one in sides if one <= side), default=sides[0]))
