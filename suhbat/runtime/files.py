"""The parts of a node that are about files, wired together."""

from __future__ import annotations

import shutil

import structlog

from suhbat.chat.model import StoredFile
from suhbat.chat.ports import Clock, FileRecords
from suhbat.config import Settings
from suhbat.errors import log_text
from suhbat.files.collector import Collector
from suhbat.files.direct import DirectSender
from suhbat.files.downloads import Downloads
from suhbat.files.limits import UploadLimits
from suhbat.files.places import stores_of
from suhbat.files.portraits import Portraits
from suhbat.files.processing import TAKEN_OVER, Processing
from suhbat.files.shared_place import SharedPlace
from suhbat.files.studio import Studio
from suhbat.files.threads import FileThreads
from suhbat.files.uploads import Uploads
from suhbat.hub.notices import Notices
from suhbat.identity.priority import lower_priority
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.notices import FileNotice
from suhbat.protocol.replies import encode
from suhbat.store.write.files import new_file_id
from suhbat.tasks import Tasks

log = structlog.get_logger("suhbat.files")


class NodeFiles:
    """Nothing runs before `open`."""

    def __init__(self, settings: Settings, records: FileRecords, notices: Notices, clock: Clock, tasks: Tasks) -> None:
        self._work = settings.data / "work"
        self._studio = Studio()
        self._threads = FileThreads()
        self._tasks = tasks
        self._stores = stores = stores_of(settings)
        listener = _ReadyNotices(notices)
        self.processing = Processing(records, stores, self._studio, self._work, clock, self._threads, tasks, listener)
        limits = UploadLimits(clock, settings.file_size, settings.file_quota, guests=settings.guest_files)
        is_directory_shared = settings.database_url is not None and not settings.new_files_in_s3
        place = SharedPlace(records, settings.file_directory, self._threads) if is_directory_shared else None
        self.uploads = Uploads(records, stores, clock, limits, self._threads, self.processing, new_file_id, place)
        self.downloads = Downloads(stores, self._threads, DirectSender(lower_priority))
        self.portraits = Portraits(records, stores, self._studio, self._work, clock, self._threads)
        self._collector = Collector(records, stores, clock, self._threads)

    async def open(self, *, alone: bool) -> None:
        """Go on with files whose processing was interrupted. `alone`: no other node may be at work on them."""
        if alone:
            await self._threads.run(shutil.rmtree, self._work, True)  # what a process that was killed left
        self._tasks.start(self._check())
        await self.processing.take_over(0 if alone else TAKEN_OVER)

    async def _check(self) -> None:
        """Log what is wrong with a store. It is no reason to stop: the chat goes on without files."""
        for store in self._stores:
            try:
                await self._threads.run(store.check)
            except OSError as error:
                log.error("files: store cannot be used", backend=store.backend, error=log_text(error))

    async def maintain(self) -> None:
        """Once a minute."""
        await self._collector.run()
        await self.processing.remove_leftovers()
        await self.processing.take_over()

    async def close(self) -> None:
        await self._studio.close()
        self.downloads.close()
        self._threads.close()


class _ReadyNotices:
    """Implements `files.processing.ReadyListener`."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def file_ready(self, file: StoredFile) -> None:
        self._notices.broadcast(own_log(file.uid), encode(FileNotice(file=file.shown)))
