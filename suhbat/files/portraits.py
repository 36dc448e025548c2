"""Makes pictures of users and rooms from uploaded images: two still squares, without anything else of the image."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import structlog

from suhbat.chat.files import picture_refusal
from suhbat.chat.model import Actor, Milliseconds, NewPicture, StoredFile
from suhbat.chat.ports import Clock, FileRecords
from suhbat.errors import BadRequest, NotFound, StorageUnavailable, log_text

from .store import new_key
from .stores import FileStores
from .threads import FileThreads

log = structlog.get_logger("suhbat.files")

PLANNED: Milliseconds = 3600 * 1000
"""How long squares are kept that did not become a picture, because the process ended before."""
SMALL = "64"
"""The part with the small square, in pixels, beside the large one. An image of at most this size has only one square."""


class Painter(Protocol):
    """See `files.studio.Studio`."""

    async def portrait(self, source: Path, work: Path) -> Mapping[int, Path]: ...


class Portraits:
    """`work`: a directory for what is made."""

    def __init__(
        self,
        records: FileRecords,
        stores: FileStores,
        painter: Painter,
        work: Path,
        clock: Clock,
        threads: FileThreads,
    ) -> None:
        self._records = records
        self._stores = stores
        self._painter = painter
        self._work = work
        self._clock = clock
        self._threads = threads

    async def make(self, actor: Actor, id: str) -> NewPicture:
        """Store the squares of an image that the actor has uploaded. They go again, unless the picture is set within an hour.

        Raises NotFound, FileInUse, FileNotReady, BadRequest if it is no image that can be decoded, Busy, StorageUnavailable.
        """
        file = await self._records.file(id)
        refused = picture_refusal(actor.uid, file)
        if refused is not None or file is None:
            raise refused or NotFound()
        key = new_key()
        try:
            work = await self._threads.run(self._make_work)
            try:
                source = await self._threads.run(self._copy, file, work)
                squares = await self._painter.portrait(source, work)
                if not squares:
                    raise BadRequest(reason="picture.kind")
                # If the process ends after the bytes are stored, and before they are a picture, the removal finds them.
                await self._records.plan_removal(self._stores.current.backend, key, self._clock.wall() + PLANNED)
                return await self._threads.run(self._keep, id, key, squares)
            finally:
                await self._threads.run(shutil.rmtree, work, True)
        except FileNotFoundError:
            raise NotFound("not_found.file") from None  # deleted meanwhile
        except OSError as error:
            log.error("files: picture cannot be stored", file=id, error=log_text(error))
            raise StorageUnavailable(retry_after=1, seconds=1) from error

    def _make_work(self) -> Path:
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self._work))

    def _copy(self, file: StoredFile, work: Path) -> Path:
        """The largest thumbnail: what strangers have made is not decoded a second time, and this one is small."""
        part = max(file.thumbnails.split(), key=int)
        path = work / "source"
        with self._stores.of(file.backend).open(file.key, part) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        return path

    def _keep(self, id: str, key: str, squares: Mapping[int, Path]) -> NewPicture:
        side = max(squares)
        size = squares[side].stat().st_size
        small = squares.get(int(SMALL)) if side > int(SMALL) else None
        self._stores.current.adopt(key, squares[side])
        if small is not None:
            self._stores.current.adopt(key, small, SMALL)
        return NewPicture(id, self._stores.current.backend, key, size, "" if small is None else SMALL)
