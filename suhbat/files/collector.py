"""Removes bytes that no file has any more, and files that nobody sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import structlog

from suhbat.chat.files import KEPT_LOOSE
from suhbat.chat.model import Milliseconds
from suhbat.chat.ports import Clock, FileRecords
from suhbat.errors import log_text

from .store import FileStore
from .threads import FileThreads

log = structlog.get_logger("suhbat.files")

HOLD = "hold"
"""While a file of this name is in the directory of files, no bytes are removed: a backup has copied the database and is copying
the files. After a day it no longer counts, in case the backup has died."""
HELD_SECONDS = 24 * 3600
AGAIN: Milliseconds = 10 * 60 * 1000
"""When a removal that failed is tried again."""


class Collector:
    """`stores`: all places with bytes, by their name. `hold`: the path of HOLD."""

    def __init__(
        self, records: FileRecords, stores: Mapping[str, FileStore], clock: Clock, threads: FileThreads, hold: Path
    ) -> None:
        self._records = records
        self._stores = stores
        self._clock = clock
        self._threads = threads
        self._hold = hold

    async def run(self) -> None:
        """Expire and remove everything that is due. May be killed and run again; several nodes may do it at once."""
        now = self._clock.wall()
        while await self._records.expire_files(now - KEPT_LOOSE, now):
            pass
        if await self._threads.run(self._is_held, now):
            return
        while removals := await self._records.removals(now):
            done, failed = [], []
            for removal in removals:
                try:
                    await self._threads.run(self._stores[removal.backend].remove, removal.key)
                    done.append(removal.id)
                except (OSError, KeyError) as error:
                    log.error(
                        "files: bytes not removed", backend=removal.backend, key=removal.key, error=log_text(error)
                    )
                    failed.append(removal.id)
            if done:
                await self._records.finish_removals(done)
            if failed:
                await self._records.postpone_removals(failed, now + AGAIN)

    def _is_held(self, now: Milliseconds) -> bool:
        try:
            return now / 1000 - self._hold.stat().st_mtime < HELD_SECONDS
        except FileNotFoundError:
            return False
