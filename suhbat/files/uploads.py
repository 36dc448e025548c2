"""Uploads: they begin with a reservation, grow at their end, and are acknowledged as far as they are on disk."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, ParamSpec, TypeVar

import structlog

from suhbat.chat.files import KEPT_LOOSE
from suhbat.chat.model import Actor, Milliseconds, StoredFile
from suhbat.chat.ports import Clock, FileRecords
from suhbat.errors import (
    BadRequest,
    ChecksumMismatch,
    FileTooLarge,
    NotFound,
    StorageFull,
    StorageUnavailable,
    SuhbatError,
    WrongOffset,
    log_text,
)
from suhbat.protocol.files import clean_name, clean_type
from suhbat.protocol.tus import Checksum

from .limits import FULL_SECONDS, UploadLimits, lacks_room
from .processing import Processing
from .shared_place import SharedPlace
from .store import FileStore, OpenUpload, new_key
from .stores import FileStores
from .threads import FileThreads

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger("suhbat.files")

GATHERED = 256 * 1024
"""Bytes that are written at once. A request has no more in memory."""
FLUSHED = 8 * 1024 * 1024
"""Bytes after which a long request is flushed and acknowledged, so that a crash does not lose all of it."""
TAKEN_OVER_SECONDS = 10.0
"""How long a request waits for an older one for the same upload, whose connection is probably dead."""


class Uploads:
    """The use cases of uploads. `new_id`: makes the ids of files. `place`: if there may be other nodes. Methods raise Busy and
    StorageUnavailable, too."""

    def __init__(
        self,
        records: FileRecords,
        stores: FileStores,
        clock: Clock,
        limits: UploadLimits,
        threads: FileThreads,
        processing: Processing,
        new_id: Callable[[], str],
        place: SharedPlace | None,
    ) -> None:
        self.limits = limits
        self._records = records
        self._stores = stores
        self._clock = clock
        self._threads = threads
        self._processing = processing
        self._new_id = new_id
        self._place = place
        self._open: dict[str, _Request] = {}
        """The requests that write, by the id of the file."""
        self.acknowledged = 0
        """Bytes that were acknowledged since the start."""

    @property
    def in_progress(self) -> int:
        """Requests that are writing."""
        return len(self._open)

    async def begin(
        self,
        actor: Actor,
        name: str,
        claimed: str,
        length: int,
        *,
        address: str = "",
        waveform: str | None = None,
        thumbhash: str | None = None,
    ) -> StoredFile:
        """Begin an upload of `length` bytes. `address`: of a guest, for limits; "" if it is not limited. `waveform`: of a voice
        note; `thumbhash`: of a video, if it is one. Both in base64.

        Raises Forbidden, FileTooLarge, QuotaExceeded, StorageFull, BadRequest.
        """
        store = self._stores.current
        self.limits.check_actor(actor)
        self.limits.check_length(actor, length)
        if self._place is not None:
            await self._place.require()
        self.limits.check_room(await self._threads.run(store.free), length)
        self.limits.count_address(actor, address, length)
        at = self._clock.wall()
        file = StoredFile(
            self._new_id(), actor.uid, clean_name(name), clean_type(claimed), "", "", "uploading", length, 0, length,
            store.backend, new_key(), "", None, None, None, thumbhash, waveform, at, at,
        )  # fmt: skip
        await self._records.begin_file(file, self.limits.quota(actor))
        return file

    async def copy(self, actor: Actor, id: str) -> StoredFile:
        """Make a file of the actor over the bytes of one that they may download, to be sent elsewhere. It is ready at once.
        Raises Forbidden, NotFound, QuotaExceeded."""
        self.limits.check_actor(actor)
        return await self._records.copy_file(actor, id, self._new_id(), self._clock.wall(), self.limits.quota(actor))

    async def find(self, actor: Actor, id: str) -> StoredFile:
        """A file of this user. Raises NotFound."""
        file = await self._records.file(id)
        if file is None or file.uid != actor.uid:
            raise NotFound("not_found.file")
        return file

    async def offset(self, actor: Actor, id: str) -> StoredFile:
        """The same, after a request that is still writing to it has stopped: a client that asks has given up on that one."""
        await self.find(actor, id)
        await self._stop_request(id)
        return await self.find(actor, id)

    def expiry(self, file: StoredFile) -> Milliseconds:
        """When the file goes, unless something happens to it before."""
        return file.touched_at + KEPT_LOOSE

    async def receive(
        self,
        actor: Actor,
        id: str,
        offset: int,
        body: AsyncIterator[bytes],
        *,
        checksum: Checksum | None = None,
        announced: int | None = None,
        is_last: bool = False,
    ) -> StoredFile:
        """Continue an upload; returns how far it is. `announced`: the length of the body, if known. `is_last`: the upload ends
        with this body, although it may have fewer bytes than were reserved.

        If the connection breaks, what came is kept, except with a `checksum`: then all of the body counts or nothing. Raises
        NotFound, WrongOffset, FileTooLarge, ChecksumMismatch, StorageFull.
        """
        await self.find(actor, id)
        async with self._exclusive(id) as request:
            file = await self.find(actor, id)
            if file.state != "uploading" or file.received != offset:
                raise WrongOffset()
            if announced is not None and offset + announced > file.length:
                raise FileTooLarge(limit=file.length)
            progress = _Progress(
                self._records, self._stores.of(file.backend), self._clock, self._threads, file, checksum
            )
            try:
                await progress.receive(request.until_stopped(body), is_last=is_last)
            except SuhbatError:
                raise
            except BaseException as error:  # the connection broke, or a later request takes over
                await progress.keep()
                if isinstance(error, _Stopped):
                    raise WrongOffset() from None
                raise
            finally:
                await progress.close()
                self.acknowledged += progress.file.received - file.received
            file = progress.file
        if file.state == "processing":
            self._processing.begin(file)
        return file

    async def delete(self, actor: Actor, id: str) -> None:
        """Delete a file that no message shows, complete or not. Raises NotFound, FileInUse."""
        await self.find(actor, id)
        await self._stop_request(id)
        await self._records.delete_file(actor.uid, id, self._clock.wall())

    async def _stop_request(self, id: str) -> None:
        """Let the request that writes to this upload acknowledge what it has, and end. Raises WrongOffset if it does not."""
        request = self._open.get(id)
        if request is not None:
            request.stop.set()
            try:
                await asyncio.wait_for(request.ended.wait(), TAKEN_OVER_SECONDS)
            except TimeoutError:
                raise WrongOffset() from None

    @asynccontextmanager
    async def _exclusive(self, id: str) -> AsyncIterator[_Request]:
        while id in self._open:
            await self._stop_request(id)
        request = self._open[id] = _Request()
        try:
            yield request
        finally:
            del self._open[id]
            request.ended.set()


class _Stopped(Exception):
    """A later request for the same upload takes over."""


class _Request:
    """A request that writes to an upload. A later one may stop it."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.ended = asyncio.Event()

    async def until_stopped(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The chunks of the body. Raises _Stopped when a later request stops this one."""
        stopped = asyncio.ensure_future(self.stop.wait())
        try:
            while True:
                following = asyncio.ensure_future(anext(body, None))
                await asyncio.wait((following, stopped), return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    following.cancel()
                    with suppress(asyncio.CancelledError):
                        await following
                    raise _Stopped()
                chunk = following.result()
                if chunk is None:
                    return
                yield chunk
        finally:
            stopped.cancel()


class _Progress:
    """The bytes of one request on their way to the store. `file` is how far they were acknowledged."""

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
