"""The bytes of one request on their way to the store."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable
from typing import Any, ParamSpec, TypeVar

import structlog

from suhbat.chat.model import StoredFile
from suhbat.chat.ports import Clock, FileRecords
from suhbat.errors import (
    BadRequest,
    ChecksumMismatch,
    FileTooLarge,
    StorageFull,
    StorageUnavailable,
    WrongOffset,
    log_text,
)
from suhbat.protocol.tus import Checksum

from .limits import FULL_SECONDS, lacks_room
from .store import FileStore, OpenUpload
from .threads import FileThreads

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger("suhbat.files")

GATHERED = 256 * 1024
"""Bytes that are written at once. A request has no more in memory."""
FLUSHED = 8 * 1024 * 1024
"""Bytes after which a long request is flushed and acknowledged, so that a crash does not lose all of it."""


class Receiver:
    """Writes a body to an upload. `file` is how far its bytes were acknowledged."""

    def __init__(
        self,
        records: FileRecords,
        store: FileStore,
        clock: Clock,
        threads: FileThreads,
        file: StoredFile,
        checksum: Checksum | None,
    ) -> None:
        self.file = file
        self._records = records
        self._store = store
        self._clock = clock
        self._threads = threads
        self._checksum = checksum
        self._hash: Any = None if checksum is None else checksum.new()
        self._upload: OpenUpload | None = None
        self._gathered = bytearray()
        self._written = 0
        """Bytes that were written, but not acknowledged."""

    async def receive(self, body: AsyncIterator[bytes], *, is_last: bool) -> None:
        """Write the body, and acknowledge it at its end, and sometimes before. `is_last`: the upload ends with it, however many
        bytes it has. Call `close` afterwards, whatever happened."""
        room = self.file.length - self.file.received
        self._upload = await self._on_disk(self._store.receive, self.file.key, self.file.received)
        async for chunk in body:
            room -= len(chunk)
            if room < 0:
                raise FileTooLarge(limit=self.file.length)
            self._gathered += chunk
            if len(self._gathered) >= GATHERED:
                await self._write()
            if self._written >= FLUSHED and self._checksum is None:
                await self._acknowledge()
        await self._write()
        if is_last and self.file.received + self._written == 0:
            raise BadRequest(reason="file.empty")
        if self._checksum is not None and self._hash.digest() != self._checksum.digest:
            raise ChecksumMismatch()
        await self._acknowledge(is_last=is_last)

    async def keep(self) -> None:
        """The connection broke: acknowledge what came nevertheless. With a checksum nothing of it counts."""
        if self._upload is not None and self._checksum is None:
            await self._write()
            await self._acknowledge()

    async def close(self) -> None:
        if self._upload is not None:
            await self._threads.run(self._upload.close)

    async def _on_disk(self, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        """Run a function of the store in a thread. Its errors become those that a client is told."""
        try:
            return await self._threads.run(function, *arguments, **keywords)
        except OSError as error:
            log.error("files: upload cannot be written", file=self.file.id, error=log_text(error))
            if error.errno in _FULL:
                raise StorageFull(retry_after=FULL_SECONDS) from error
            raise StorageUnavailable(retry_after=1, seconds=1) from error

    async def _write(self) -> None:
        if self._gathered:
            data, self._gathered = bytes(self._gathered), bytearray()
            await self._on_disk(self._write_now, data)
            self._written += len(data)

    def _write_now(self, data: bytes) -> None:
        assert self._upload is not None
        # Asked at every write: of many uploads that began while there was room, each would fit alone.
        if lacks_room(self._store.free(), len(data)):
            raise OSError(errno.ENOSPC, "the rest of the disk is for the database")
        if self._hash is not None:
            self._hash.update(data)
        self._upload.write(data)

    async def _acknowledge(self, *, is_last: bool = False) -> None:
        assert self._upload is not None
        if not self._written and not is_last:
            return
        await self._on_disk(self._upload.flush)
        received, at = self.file.received + self._written, self._clock.wall()
        moved = await self._records.advance_file(self.file, received, at, is_last=is_last)
        if moved is None:
            raise WrongOffset()  # another node has moved it, or it was deleted
        self.file = moved
        self._written = 0


_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
