"""What happens to a complete upload: its type is read from its content, and pictures lose their metadata and get
thumbnails. Then it is ready. A node that dies in the middle is replaced by another one, or by itself after its restart."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

import structlog

from suhbat.chat.files import KEPT_LOOSE, cleaned_key
from suhbat.chat.model import FileContent, Milliseconds, StoredFile
from suhbat.chat.ports import Clock, FileRecords
from suhbat.errors import SuhbatError, log_text
from suhbat.tasks import Tasks

from .look import Look
from .store import StoreUnreachable
from .stores import FileStores
from .threads import FileThreads

log = structlog.get_logger("suhbat.files")

TAKEN_OVER: Milliseconds = 60_000
"""How long a file may be processed before another node takes over. Looking at one takes at most some 20 s."""
ATTEMPTS = 3
"""How often this process looks at a file that it cannot process. After that it is a plain file: its bytes, nothing else."""
GIVEN_UP: Milliseconds = 2 * KEPT_LOOSE
"""After this age an upload whose bytes cannot even be read is deleted. Each attempt counts as touching it, so it would never
expire."""
SMALL, SLACK = 360, 256 * 1024
"""Thumbnails do not count for the quota. So that they stay in proportion to it, one with more than SMALL pixels a side is kept
only if it has at most SLACK bytes more than its picture."""
LEFT_OVER: Milliseconds = 86_400_000
"""After this age the working directory of a file belongs to a process that was killed."""


class Looker(Protocol):
    """See `files.studio.Studio`."""

    async def look(self, source: Path, work: Path) -> Look: ...


class ReadyListener(Protocol):
    """Is told when a file is ready."""

    def file_ready(self, file: StoredFile) -> None: ...


class Processing:
    """Makes complete uploads ready, in the background. `work`: a directory for what is made of them."""

    def __init__(
        self,
        records: FileRecords,
        stores: FileStores,
        looker: Looker,
        work: Path,
        clock: Clock,
        threads: FileThreads,
        tasks: Tasks,
        listener: ReadyListener,
    ) -> None:
        self._records = records
        self._stores = stores
        self._looker = looker
        self._work = work
        self._clock = clock
        self._threads = threads
        self._tasks = tasks
        self._listener = listener
        self._in_progress: dict[str, asyncio.Event] = {}
        self._failures: Counter[str] = Counter()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """One file of each user at a time: nobody waits behind two hundred of somebody else's, which may take 20 s each."""

    def begin(self, file: StoredFile) -> None:
        """Process a file that is "processing". Does nothing while that is going on here."""
        if file.id not in self._in_progress:
            self._in_progress[file.id] = asyncio.Event()
            self._tasks.start(self._process(file))

    async def wait(self, id: str, seconds: float) -> None:
        """Wait until a file is processed here, at most so long."""
        ended = self._in_progress.get(id)
        if ended is not None:
            await asyncio.wait((asyncio.ensure_future(ended.wait()),), timeout=seconds)

    async def take_over(self, since: Milliseconds = TAKEN_OVER) -> None:
        """Process what nobody has finished for so long."""
        now = self._clock.wall()
        for id in await self._records.unfinished_files(now - since):
            if id in self._in_progress:
                continue
            # A claim puts the file behind all others, so those that fail again and again keep nobody waiting.
            file = await self._records.claim_file(id, now - since, now)
            if file is None:
                continue
            if now - file.created_at > GIVEN_UP and self._failures[id] > ATTEMPTS:
                log.error("files: unreadable upload deleted", file=id)
                await self._records.delete_file(file.uid, id, now)
                del self._failures[id]
            else:
                self.begin(file)

    async def remove_leftovers(self) -> None:
        """Remove what killed processes have left in the working directory, which several nodes may share."""
        await self._threads.run(_remove_older, self._work, (self._clock.wall() - LEFT_OVER) / 1000)

    async def _process(self, file: StoredFile) -> None:
        try:
            turn = self._turns.setdefault(file.uid, asyncio.Lock())
            async with turn:
                if await self._records.file(file.id) is None:
                    return  # deleted while it waited
                content = await self._content(file)
            done = await self._records.finish_file(file, content, self._clock.wall())
            self._failures.pop(file.id, None)
            if done is not None:
                self._listener.file_ready(done)
        except Exception as error:
            if isinstance(error, FileNotFoundError) and await self._is_gone(file.id):
                return  # deleted while it was looked at, and its bytes are removed
            # The next `take_over` tries again.
            if not isinstance(error, StoreUnreachable):
                self._failures[file.id] += 1
            log.error(
                "files: not processed", file=file.id, error=log_text(error), exc_info=not isinstance(error, OSError)
            )
        finally:
            self._in_progress.pop(file.id).set()

    async def _is_gone(self, id: str) -> bool:
        """Whether it was deleted; False if the store does not answer."""
        with suppress(SuhbatError):
            return await self._records.file(id) is None
        return False

    async def _content(self, file: StoredFile) -> FileContent:
        """Look at the bytes, and store what is made of them."""
        work = await self._threads.run(self._make_work)
        try:
            source = await self._threads.run(self._stores.of(file.backend).local, file.key, work)
            look = _PLAIN if self._failures[file.id] >= ATTEMPTS else await self._looker.look(source, work)
            if look.cleaned is None and source.is_relative_to(work):
                look = replace(look, cleaned=source)  # the upload itself does not become the complete bytes
            return await self._threads.run(self._keep, file, look)
        finally:
            await self._threads.run(shutil.rmtree, work, True)

    def _make_work(self) -> Path:
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self._work))

    def _keep(self, file: StoredFile, look: Look) -> FileContent:
        store, key, size = self._stores.of(file.backend), file.key, file.length
        if look.cleaned is not None:
            key, size = cleaned_key(file.key), look.cleaned.stat().st_size
            store.adopt(key, look.cleaned)
        kept = [side for side, path in sorted(look.thumbnails.items()) if side <= SMALL or _is_worth(path, size)]
        for side in kept:
            store.adopt(key, look.thumbnails[side], str(side))
        return FileContent(
            look.type,
            look.kind,
            size,
            key,
            " ".join(map(str, kept)),
            look.width,
            look.height,
            look.duration,
            look.thumbhash,
        )


def _is_worth(thumbnail: Path, size: int) -> bool:
    return thumbnail.stat().st_size <= size + SLACK


_PLAIN = Look("application/octet-stream", "file")


def _remove_older(directory: Path, moment: float) -> None:
    """Remove the directories in it that have not changed since `moment`, in seconds."""
    with suppress(FileNotFoundError):  # no file was processed yet, or another node removes the same
        for one in directory.iterdir():
            if one.stat().st_mtime < moment:
                shutil.rmtree(one, ignore_errors=True)
