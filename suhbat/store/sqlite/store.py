"""The store in one SQLite file: durable, for one process, with nothing to install.

One connection writes and checkpoints (older SQLite libraries have a race between two checkpointing connections); a few threads
read. Every acknowledged write was flushed: WAL with `synchronous=FULL`, on macOS also `fullfsync`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from suhbat.chat.bounds import Bounds
from suhbat.chat.model import Changed, Committed, StoreDelta
from suhbat.chat.ports import Clock
from suhbat.directories import make_directory, sync_directory
from suhbat.errors import log_text
from suhbat.protocol.types import LOBBY
from suhbat.store import fts5, permissions
from suhbat.store.dialect import insert_new
from suhbat.store.errors import UnusableStore
from suhbat.store.lock import DirectoryLock
from suhbat.store.migrate import migrate, revision
from suhbat.store.migrations import HEAD
from suhbat.store.read.floor import LobbyHistory
from suhbat.store.sql import DEFAULTS, SQLStore
from suhbat.store.tables import conversations
from suhbat.store.write.committer import Committer
from suhbat.store.write.logs import new_log
from suhbat.store.write.transaction import WriterRules
from suhbat.store.write.writer import Writer
from suhbat.store.write.writer_cache import WriterCache

from . import connect, epoch, wal
from .epoch import Instance

log = structlog.get_logger("suhbat.store")

READERS = 3
"""Threads that read, each with a connection of its own."""
ASIDE = 1
"""Threads that read for searches and exports. Only one, because SQLite works in this process and slows the others down."""


class SQLiteStore(SQLStore):
    """Implements chat.ports.Store in the directory `data`, which is made (mode 0700) if it does not exist."""

    def __init__(
        self,
        data: Path,
        *,
        lobby_history: LobbyHistory = "since_joined",
        clock: Clock,
        bounds: Bounds = DEFAULTS,
    ) -> None:
        super().__init__(lobby_history=lobby_history, clock=clock, bounds=bounds)
        self._data = data
        self._file = data / "suhbat.db"
        self._lock = DirectoryLock(data)
        self._instance: Instance | None = None
        self._writes: Engine | None = None
        self._reads: Engine | None = None

    async def open(self, committed: Committed, changed: Changed | None = None) -> None:
        """See chat.ports.Store. Raises UnusableStore: the directory is in use or not writable, or the schema is newer."""
        await asyncio.to_thread(self._prepare)
        assert self._writes is not None and self._reads is not None
        committer = Committer(self._writes, WriterCache(), WriterRules(self._lobby_history, self._bounds))
        self._start(
            Writer(committer, committed, changed, counts=self.counts, indexes=True), self._reads, READERS, ASIDE
        )

    async def ready(self) -> None:
        """See chat.ports.Store. Raises UnusableStore, or StorageUnavailable while the disk is in trouble."""
        self._open_writer().check()
        if await self._read(revision) != HEAD:
            raise UnusableStore("the database was changed by another version of Suhbat; restart this one")

    async def changes_since(self, logs: Collection[str], since: str | None = None) -> StoreDelta:
        """See chat.ports.Store. No other node writes here, so there are no changes of others."""
        return StoreDelta("", await self.heads(logs))

    def _prepare(self) -> None:
        """Prepare the directory, lock, file, schema, lobby and epoch."""
        try:
            make_directory(self._data)
        except OSError as error:
            raise UnusableStore(
                f"the data directory {self._data} cannot be made ({error.strerror}); "
                "use another data directory (--data, or SUHBAT_DATA)"
            ) from error
        self._lock.acquire()
        permissions.restrict(self._data)
        try:
            self._prepare_file()
        except BaseException as error:
            self._dispose()
            if isinstance(error, UnusableStore) or not isinstance(error, Exception):
                raise
            reason = getattr(error, "orig", error)
            raise UnusableStore(
                f"the database {self._file} cannot be opened ({reason}); see `suhbat doctor`, or put back a copy"
            ) from error

    def _prepare_file(self) -> None:
        is_new = not self._file.exists()
        if is_new:
            # Made here with mode 0600: a directory that others may read must not give them the messages.
            permissions.create_file(self._file)
        wal.flush_again(self._file)
        self._writes = connect.writing(self._file)
        self._reads = connect.reading(self._file, READERS + ASIDE)
        path = self._data / "instance"
        with self._writes.connect() as connection:
            migrate(connection, self._data / "backups", self._clock.wall())
            with connection.begin():
                insert_new(connection, conversations, [new_log(LOBBY, "lobby", self._clock.wall())])
                instance = epoch.begin(connection, epoch.recall(path), self._file.stat().st_ino)
            epoch.remember(path, instance)
            _tune_index(connection)
        if is_new:
            # The name of the file must survive a power loss like its first message.
            sync_directory(self._data)
        self._instance = instance
        self.epoch = instance.epoch

    def _finish(self) -> None:
        """Close the readers first, so that the writer's connection is the last one and leaves a single file without a WAL."""
        if self._reads is not None:
            self._reads.dispose()
        try:
            if self._writes is not None and self._instance is not None:
                # SQLite checkpoints when the last connection closes.
                with self._writes.connect() as connection, connection.begin():
                    written = epoch.count_events(connection)
                epoch.remember(self._data / "instance", replace(self._instance, events=written))
        except Exception:
            # Nothing is lost: the WAL is read at the next start.
            log.exception("store: clean close failed")
        finally:
            self._dispose()

    def _dispose(self) -> None:
        for opened in (self._reads, self._writes):
            if opened is not None:
                opened.dispose()
        self._reads = self._writes = self._instance = None
        self._lock.release()


def _tune_index(connection: Connection) -> None:
    """Bring the index of the search up to date. A damaged one only costs the search: everything else works without it."""
    try:
        with connection.begin():
            fts5.tune(connection)
    except DBAPIError as error:
        log.error("search: index is damaged", error=log_text(error))
