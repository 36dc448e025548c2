"""The store in one SQLite file: nothing to install, one process, durable.

One connection writes and checkpoints (older SQLite libraries have a WAL-reset race between two that checkpoint), a few
threads read. Every acknowledged write was flushed: WAL with `synchronous=FULL`, on macOS also `fullfsync`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine

from suhbat.chat.acts import Act, Done
from suhbat.chat.model import (
    Actor,
    Audited,
    Committed,
    Guest,
    HistoryPage,
    MemberPage,
    Opening,
    Post,
    Reported,
    RoomLine,
    SearchPage,
)
from suhbat.chat.ports import Clock
from suhbat.chat.search import Query
from suhbat.errors import Busy
from suhbat.protocol.events import LogEntry
from suhbat.protocol.objects import ConversationState, Message
from suhbat.protocol.types import LOBBY

from . import connect, delivered, epoch, erasure, filtered, guests, history, order, queries, retention, rooms, search
from .acts import carry_out
from .dialect import insert_new, is_trouble
from .epoch import Instance
from .errors import StoreUnavailable
from .known import Known, new_log
from .lock import DirectoryLock
from .migrate import migrate, revision
from .migrations import HEAD
from .people import PeopleOverSQLite
from .reader import Reader
from .tables import conversations
from .writer import Writer

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

READERS = 3
"""Threads that read, each with a connection of its own."""


class SQLiteStore(PeopleOverSQLite):
    """Implements chat.ports.Store in the directory `data`, which is made (mode 0700) if it is not there."""

    def __init__(self, data: Path, *, lobby_history: queries.LobbyHistory = "since_joined", clock: Clock) -> None:
        self.epoch = ""
        self._data = data
        self._lobby_history = lobby_history
        self._clock = clock
        self._file = data / "suhbat.db"
        self._lock = DirectoryLock(data)
        self._instance: Instance | None = None
        self._writes: Engine | None = None
        self._reads: Engine | None = None
        self._writer: Writer | None = None
        self._reader: Reader | None = None
        self._is_open = False
        self._closed: asyncio.Future[None] | None = None

    async def open(self, committed: Committed) -> None:
        """See chat.ports.Store. Raises StoreUnavailable: the directory is in use or cannot be written, the schema is newer."""
        await asyncio.to_thread(self._prepare)
        assert self._writes is not None and self._reads is not None
        self._closed = None
        self._reader = Reader(self._reads, READERS)
        self._writer = Writer(self._writes, Known(), committed)
        self._writer.start()
        self._is_open = True

    async def close(self) -> None:
        """See chat.ports.Store."""
        if self._closed is None:
            self._closed = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closed)

    async def ready(self) -> None:
        """See chat.ports.Store. Raises StoreUnavailable, or Busy while the disk gives trouble."""
        self._open_writer().check()
        if await self._read(revision) != HEAD:
            raise StoreUnavailable("the database was changed by another version of Suhbat; restart this one")

    @property
    def waiting(self) -> int:
        return 0 if self._writer is None else self._writer.waiting

    def post(self, post: Post) -> None:
        if self._writer is None:
            asyncio.get_running_loop().call_soon(post.done, Busy(retry_after=1, seconds=1))
        else:
            self._writer.post(post)

    async def act(self, act: Act) -> Done:
        return await self._open_writer().work(lambda c, known: carry_out(c, known, act))

    async def opening(self, actor: Actor) -> Opening:
        return await self._read(lambda c: queries.opening(c, actor, self._lobby_history))

    async def events(self, log: str, after: int, limit: int) -> list[LogEntry]:
        return await self._read(lambda c: queries.event_page(c, log, after, limit))

    async def delivered(self, uid: str) -> Mapping[str, int]:
        return await self._read(lambda c: delivered.shown(c, uid))

    async def delivered_to(self, uid: str, shown: Mapping[str, int]) -> None:
        def move(connection: Connection, known: Known) -> tuple[None, list[LogEntry]]:
            delivered.move(connection, uid, shown)
            return None, []

        await self._open_writer().work(move)

    async def history(
        self,
        actor: Actor,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> HistoryPage:
        return await self._read(
            lambda c: history.page(
                c, actor, conversation, before=before, after=after, around=around, limit=limit,
                lobby_history=self._lobby_history,
            )
        )  # fmt: skip

    async def state(self, actor: Actor, conversation: str) -> ConversationState:
        return await self._read(lambda c: rooms.state(c, actor, conversation, self._lobby_history))

    async def search(
        self, actor: Actor, query: Query, sender: str | None, *, limit: int = 50, below: int | None = None
    ) -> SearchPage:
        return await self._read(
            lambda c: search.find(c, actor, query, sender, limit=limit, below=below, lobby_history=self._lobby_history)
        )

    async def members(self, actor: Actor, conversation: str, *, after: str = "", limit: int = 50) -> MemberPage:
        return await self._read(lambda c: rooms.members_page(c, actor, conversation, self._clock.wall(), after, limit))

    async def rooms(self, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[ConversationState, ...]:
        return await self._read(lambda c: rooms.public_rooms(c, actor, after, limit))

    async def keeper(self, conversation: str) -> Actor | None:
        return await self._read(lambda c: rooms.keeper(c, conversation))

    async def every_room(self) -> tuple[RoomLine, ...]:
        return await self._read(rooms.every)

    async def pins(self, actor: Actor, conversation: str) -> tuple[Message, ...]:
        return await self._read(lambda c: rooms.pinned(c, actor, conversation, self._lobby_history))

    async def reports(self, actor: Actor, *, after: int = 0, limit: int = 50) -> tuple[Reported, ...]:
        return await self._read(lambda c: order.reports_page(c, actor, after, limit))

    async def audit(self, *, before: int | None = None, limit: int = 50) -> tuple[Audited, ...]:
        return await self._read(lambda c: order.audit_page(c, before, limit))

    async def filtered(self) -> tuple[str, ...]:
        return await self._read(filtered.words)

    async def bans(self) -> Mapping[str, int | None]:
        return await self._read(order.server_bans)

    async def heads(self, logs: Collection[str] | None = None) -> Mapping[str, int]:
        names = None if logs is None else list(logs)
        return await self._read(lambda c: queries.log_heads(c, names))

    async def expire(self, days: int) -> Collection[str]:
        at = self._clock.wall()
        lost: set[str] = set()
        while log_ids := await self._read(lambda c: retention.due(c, at, days)):
            for log_id in log_ids:
                while (name := await self._expire_some(log_id, at, days)) is not None:
                    lost.add(name)
        return lost

    async def _expire_some(self, log_id: int, at: int, days: int) -> str | None:
        def some(connection: Connection, known: Known) -> tuple[str | None, list[LogEntry]]:
            return retention.expire(connection, log_id, at, days), []

        return await self._open_writer().work(some)

    async def erase(self, actor: Actor, at: int, *, with_messages: bool) -> None:
        def begin(connection: Connection, known: Known) -> tuple[None, list[LogEntry]]:
            return None, erasure.begin(connection, known, actor, at, with_messages=with_messages)

        await self._open_writer().work(begin)

    async def erase_more(self, at: int) -> bool:
        found = await self._read(erasure.pending)
        if found is None:
            return False
        uid, places = found

        def step(connection: Connection, known: Known) -> tuple[None, list[LogEntry]]:
            return None, erasure.step(connection, known, uid, places, at)

        await self._open_writer().work(step)
        return True

    async def save_guest(self, guest: Guest) -> None:
        def save(connection: Connection, known: Known) -> tuple[None, list[LogEntry]]:
            guests.save(connection, guest)
            return None, []

        await self._open_writer().work(save)

    async def guest_by_token(self, token_hash: bytes) -> Guest | None:
        return await self._read(lambda c: guests.by_token(c, token_hash))

    async def guests(self, since: int) -> list[Guest]:
        return await self._read(lambda c: guests.used_since(c, since))

    async def drop_guest(self, uid: str) -> None:
        await self._write(lambda c: guests.drop(c, uid))

    async def drop_guests(self, before: int) -> int:
        return await self._write(lambda c: guests.drop_some(c, before))

    async def touch_guests(self, used: Mapping[str, int]) -> None:
        moved = dict(used)

        def touch(connection: Connection, known: Known) -> tuple[None, list[LogEntry]]:
            guests.touch(connection, moved)
            return None, []

        await self._open_writer().work(touch)

    async def _read(self, run: Callable[[Connection], T]) -> T:
        """Read in a reader's thread."""
        if self._reader is None or not self._is_open:
            raise StoreUnavailable("the store is not open")
        try:
            return await self._reader.read(run)
        except Exception as error:
            if not is_trouble(error):
                raise
            log.error("the database cannot be read", error=str(error))
            raise Busy(retry_after=1, seconds=1) from error

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise StoreUnavailable("the store is not open")
        return self._writer

    def _prepare(self) -> None:
        """Directory, lock, file, schema, lobby, epoch."""
        try:
            self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"the data directory {self._data} cannot be made ({error.strerror}); "
                "use another data directory (--data, or SUHBAT_DATA)"
            ) from error
        self._lock.acquire()
        try:
            self._prepare_file()
        except BaseException as error:
            self._dispose()
            if isinstance(error, StoreUnavailable) or not isinstance(error, Exception):
                raise
            reason = getattr(error, "orig", error)
            raise StoreUnavailable(
                f"the database {self._file} cannot be opened ({reason}); see `suhbat doctor`, or put back a copy"
            ) from error

    def _prepare_file(self) -> None:
        is_new = not self._file.exists()
        if is_new:
            # Made here for its mode: also in a directory that others may read, the messages are not for them.
            self._file.touch(mode=0o600)
        self._writes = connect.writing(self._file)
        self._reads = connect.reading(self._file, READERS)
        path = self._data / "instance"
        with self._writes.connect() as connection:
            migrate(connection, self._data / "backups", self._clock.wall())
            with connection.begin():
                insert_new(connection, conversations, [new_log(LOBBY, "lobby", self._clock.wall())])
                instance = epoch.begin(connection, epoch.recall(path), self._file.stat().st_ino)
            epoch.remember(path, instance)
        if is_new:
            # The file's name must survive a power loss as its first message does.
            epoch.sync_directory(self._data)
        self._instance = instance
        self.epoch = instance.epoch

    async def _close(self) -> None:
        self._is_open = False
        if self._writer is not None:
            await self._writer.close()
        if self._reader is not None:
            await self._reader.close()
        await asyncio.to_thread(self._finish)
        self._writer = self._reader = None

    def _finish(self) -> None:
        """Readers first: the last connection to go is the writer's, which leaves one whole file without a WAL."""
        if self._reads is not None:
            self._reads.dispose()
        try:
            if self._writes is not None and self._instance is not None:
                # Closing the last connection checkpoints.
                with self._writes.connect() as connection, connection.begin():
                    written = epoch.count_events(connection)
                epoch.remember(self._data / "instance", replace(self._instance, events=written))
        except Exception:
            # Nothing is lost: the WAL is read at the next start.
            log.exception("the database could not be closed neatly")
        finally:
            self._dispose()

    def _dispose(self) -> None:
        for opened in (self._reads, self._writes):
            if opened is not None:
                opened.dispose()
        self._reads = self._writes = self._instance = None
        self._lock.release()
