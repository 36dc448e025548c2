"""Uploads: they begin with a reservation, grow at their end, and are acknowledged as far as they are on disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from suhbat.chat.files import KEPT_LOOSE
from suhbat.chat.model import Actor, Milliseconds, StoredFile
from suhbat.chat.ports import Clock, FileRecords
from suhbat.errors import FileTooLarge, NotFound, SuhbatError, WrongOffset
from suhbat.protocol.files import clean_name, clean_type
from suhbat.protocol.tus import Checksum

from .limits import UploadLimits
from .processing import Processing
from .receiving import Receiver
from .shared_place import SharedPlace
from .store import new_key
from .stores import FileStores
from .threads import FileThreads
from .writers import Stopped, Writers


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
        self._writers = Writers()
        self.acknowledged = 0
        """Bytes that were acknowledged since the start."""

    @property
    def in_progress(self) -> int:
        """Requests that are writing."""
        return len(self._writers)

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
        """Begin an upload of `length` bytes. `address`: of a guest, for limits; "" if it is unknown. `waveform`: of a voice
        note; `thumbhash`: of a video, if it is one. Both in base64.

        Raises Forbidden, FileTooLarge, QuotaExceeded, StorageFull, BadRequest.
        """
        store = self._stores.current
        self.limits.check_actor(actor)
        self.limits.check_length(actor, length)
        if self._place is not None:
            await self._place.require()
        self.limits.check_room(await self._threads.run(store.free), length)
        at = self._clock.wall()
        file = StoredFile(
            self._new_id(), actor.uid, clean_name(name), clean_type(claimed), "", "", "uploading", length, 0, length,
            store.backend, new_key(), "", None, None, None, thumbhash, waveform, at, at,
        )  # fmt: skip
        with self._counted(actor, address, length):
            await self._records.begin_file(file, self.limits.quota(actor))
        return file

    async def copy(self, actor: Actor, id: str, *, address: str = "") -> StoredFile:
        """Make a file of the actor over the bytes of one that they may download, to be sent elsewhere. It is ready at once.
        For a guest it counts like an upload. Raises Forbidden, NotFound, FileTooLarge, QuotaExceeded."""
        self.limits.check_actor(actor)
        length = 0
        if actor.kind == "guest":
            length = (await self._records.readable_file(actor, id)).size
            self.limits.check_length(actor, length)
        with self._counted(actor, address, length):
            return await self._records.copy_file(
                actor, id, self._new_id(), self._clock.wall(), self.limits.quota(actor)
            )

    @contextmanager
    def _counted(self, actor: Actor, address: str, length: int) -> Iterator[None]:
        """Count so many bytes for the address of a guest, unless the body raises. Raises QuotaExceeded."""
        self.limits.count_address(actor, address, length)
        try:
            yield
        except BaseException:
            self.limits.give_back(actor, address, length)
            raise

    async def find(self, actor: Actor, id: str) -> StoredFile:
        """A file of this user. Raises NotFound."""
        file = await self._records.file(id)
        if file is None or file.uid != actor.uid:
            raise NotFound("not_found.file")
        return file

    async def offset(self, actor: Actor, id: str) -> StoredFile:
        """The same, after a request that is still writing to it has stopped: a client that asks has given up on that one."""
        await self.find(actor, id)
        await self._writers.stop(id)
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
        async with self._writers.alone(id) as request:
            file = await self.find(actor, id)
            if file.state != "uploading" or file.received != offset:
                raise WrongOffset()
            if announced is not None and offset + announced > file.length:
                raise FileTooLarge(limit=file.length)
            receiver = Receiver(
                self._records, self._stores.of(file.backend), self._clock, self._threads, file, checksum
            )
            try:
                await receiver.receive(request.until_stopped(body), is_last=is_last)
            except SuhbatError:
                raise
            except BaseException as error:  # the connection broke, or a later request takes over
                await receiver.keep()
                if isinstance(error, Stopped):
                    raise WrongOffset() from None
                raise
            finally:
                await receiver.close()
                self.acknowledged += receiver.file.received - file.received
            file = receiver.file
        if file.state == "processing":
            self._processing.begin(file)
        return file

    async def delete(self, actor: Actor, id: str) -> None:
        """Delete a file that no message shows, complete or not. Raises NotFound, FileInUse."""
        await self.find(actor, id)
        await self._writers.stop(id)
        await self._records.delete_file(actor.uid, id, self._clock.wall())
