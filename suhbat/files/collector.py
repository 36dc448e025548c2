"""Removes bytes that no file has any more, and files that nobody sent."""

from __future__ import annotations

import structlog

from suhbat.chat.files import KEPT_LOOSE
from suhbat.chat.model import Milliseconds
from suhbat.chat.ports import Clock, FileRecords
from suhbat.errors import log_text

from .store import StoreUnreachable
from .stores import FileStores
from .threads import FileThreads

log = structlog.get_logger("suhbat.files")

HELD: Milliseconds = 24 * 3600 * 1000
"""How long a backup may hold removals back, and how old unfinished work is that nobody finishes any more."""
TIDY_SECONDS = 3600.0
"""How often unfinished work is looked for."""
AGAIN: Milliseconds = 10 * 60 * 1000
"""When a removal that failed is tried again."""


class Collector:
    """Works once a minute, on every node."""

    def __init__(self, records: FileRecords, stores: FileStores, clock: Clock, threads: FileThreads) -> None:
        self._records = records
        self._stores = stores
        self._clock = clock
        self._threads = threads
        self._tidied = -TIDY_SECONDS
        """When unfinished work was looked for, on the steady clock."""

    async def run(self) -> None:
        """Expire and remove everything that is due. May be killed and run again; several nodes may do it at once."""
        now = self._clock.wall()
        while await self._records.expire_files(now - KEPT_LOOSE, now):
            pass
        skipped: set[str] = set()
        for store in self._stores:
            try:
                since = await self._threads.run(store.held_since)
            except OSError as error:
                log.error("files: nothing is removed", backend=store.backend, error=log_text(error))
                skipped.add(store.backend)
                continue
            if since is not None and now - since < HELD:
                return
        while removals := await self._records.removals(now):
            done, failed = [], []
            for removal in removals:
                try:
                    if removal.backend in skipped:
                        raise StoreUnreachable("this store has just failed")
                    await self._threads.run(self._stores.of(removal.backend).remove, removal.key)
                    done.append(removal.id)
                except OSError as error:
                    if removal.backend not in skipped:
                        log.error(
                            "files: bytes not removed", backend=removal.backend, key=removal.key, error=log_text(error)
                        )
                    if isinstance(error, StoreUnreachable):
                        skipped.add(removal.backend)  # a hundred attempts would take minutes
                    failed.append(removal.id)
            if done:
                await self._records.finish_removals(done)
            if failed:
                await self._records.postpone_removals(failed, now + AGAIN)
        await self._tidy()

    async def _tidy(self) -> None:
        if self._clock.steady() - self._tidied < TIDY_SECONDS:
            return
        self._tidied = self._clock.steady()
        for store in self._stores:
            try:
                await self._threads.run(store.remove_unfinished, self._clock.wall() - HELD)
            except OSError as error:
                log.warning("files: unfinished work not removed", backend=store.backend, error=log_text(error))
