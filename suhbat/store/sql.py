"""The common code of both stores: the threads that read and the writer, posts, commands and chores, and the parts of the store.
`sqlite` and `postgres` open the database."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine

from suhbat.chat.bounds import DAY, Bounds
from suhbat.chat.model import (
    PLAIN,
    Actor,
    Change,
    CommandContext,
    CommandResult,
    Post,
    PostResult,
)
from suhbat.chat.ports import Clock, Cluster
from suhbat.counting import StoreCounts
from suhbat.errors import Busy, IdempotencyConflict, log_text
from suhbat.protocol.extras import Extra
from suhbat.protocol.http_commands import AnswerKey, StateCommand
from suhbat.protocol.logged_events import LoggedEvent

from .bots import BotsOverSQL
from .dialect import is_trouble
from .errors import UnusableStore
from .files import FilesOverSQL
from .growing import GrowingOverSQL
from .hooks import HooksOverSQL
from .mail import MailOverSQL
from .people import delivered
from .people.store import PeopleOverSQL
from .pushes import PushesOverSQL
from .read.events import event_page, log_heads
from .read.floor import LobbyHistory
from .read.joint import Joint
from .read.reader import Reader
from .reading import ReadingOverSQL
from .telegram import TelegramOverSQL
from .write import erasure, idempotency, limits, retention
from .write.batch import unavailable
from .write.commands import conversation_of, execute, touched
from .write.transaction import WriterTransaction
from .write.writer import Writer

log = structlog.get_logger("suhbat.store")

K = TypeVar("K")
T = TypeVar("T")

DEFAULTS = Bounds()
"""The default limits."""


class SQLStore(
    ReadingOverSQL,
    PeopleOverSQL,
    FilesOverSQL,
    PushesOverSQL,
    MailOverSQL,
    HooksOverSQL,
    BotsOverSQL,
    GrowingOverSQL,
    TelegramOverSQL,
):
    """Implements chat.ports.Store except `open`, `ready` and `changes_since`. Reads in threads, writes through the one
    writer."""

    def __init__(self, *, lobby_history: LobbyHistory, clock: Clock, bounds: Bounds = DEFAULTS) -> None:
        super().__init__(lobby_history)
        self.epoch = ""
        self._bounds = bounds
        self._clock = clock
        self._writer: Writer | None = None
        self._reader: Reader | None = None
        self._aside: Reader | None = None
        """The reader for searches and exports, so that interactive reads overtake them."""
        self._is_open = False
        self._closed: asyncio.Future[None] | None = None
        self.counts = StoreCounts()

    @property
    def cluster(self) -> Cluster | None:
        return None

    @property
    def waiting(self) -> int:
        return 0 if self._writer is None else self._writer.waiting

    @property
    def reading(self) -> int:
        return 0 if self._reader is None else self._reader.waiting

    @property
    def index_lag(self) -> float:
        return 0.0 if self._writer is None else self._writer.index_lag

    @property
    def has_failed(self) -> bool:
        return self._writer is not None and self._writer.has_failed

    def post(self, post: Post) -> None:
        if self._writer is None:
            asyncio.get_running_loop().call_soon(post.done, Busy(retry_after=1, seconds=1))
        else:
            self._writer.post(post)

    async def answered(
        self,
        uid: str,
        client_id: str,
        text: str,
        reply_to: int | None,
        files: Sequence[str] = (),
        extra: Extra | None = None,
    ) -> PostResult | None:
        found = await self._read(lambda c: idempotency.answered(c, uid, client_id, text, reply_to, files, extra))
        if isinstance(found, IdempotencyConflict):
            raise found
        return found

    async def execute(
        self, actor: Actor, at: int, command: StateCommand, context: CommandContext = PLAIN
    ) -> CommandResult:
        logs = touched(actor, command, context)
        if isinstance(command, AnswerKey) and (name := await self._read(partial(conversation_of, command=command))):
            logs |= {name}
        return await self._open_writer().work(
            lambda transaction: execute(transaction, actor, at, command, context), logs
        )

    async def events(self, log: str, after: int, limit: int) -> list[LoggedEvent]:
        return await self._read(lambda c: event_page(c, log, after, limit))

    async def delivered(self, uid: str) -> Mapping[str, int]:
        return await self._read(lambda c: delivered.shown(c, uid))

    async def delivered_to(self, uid: str, shown: Mapping[str, int]) -> None:
        await self._write(lambda c: delivered.move(c, uid, shown))

    async def heads(self, logs: Collection[str] | None = None) -> Mapping[str, int]:
        names = None if logs is None else list(logs)
        return await self._read(lambda c: log_heads(c, names))

    async def expire(self, days: int) -> Collection[str]:
        at = self._clock.wall()
        shortened: set[str] = set()
        while log_ids := await self._read(lambda c: retention.due(c, at, days)):
            for log_id in log_ids:
                while (name := await self._expire_chunk(log_id, at, days)) is not None:
                    shortened.add(name)
        return shortened

    async def _expire_chunk(self, log_id: int, at: int, days: int) -> str | None:
        def expire(transaction: WriterTransaction) -> str | None:
            name = retention.expire(transaction, log_id, at, days)
            if name is not None:
                transaction.changes.append(Change("log", name))
            return name

        return await self._open_writer().work(expire)

    async def erase(self, actor: Actor, at: int, *, with_messages: bool) -> Collection[str]:
        def begin(transaction: WriterTransaction) -> Collection[str]:
            bots = erasure.begin(transaction, actor, at, with_messages=with_messages)
            transaction.changes += [Change("account", uid) for uid in (actor.uid, *bots)]
            return bots

        return await self._open_writer().work(begin)

    async def erase_more(self, at: int) -> bool:
        following = await self._read(erasure.pending)
        if following is None:
            return False

        await self._open_writer().work(lambda transaction: erasure.step(transaction, following, at))
        return True

    async def drop_allowances(self) -> None:
        before = self._clock.wall() - DAY
        await self._write(lambda c: limits.delete_allowances(c, before))

    async def _index_reached(self) -> None:
        """Wait for a moment until the index has everything that was acknowledged before."""
        if self._writer is not None:
            await self._writer.index_reached()

    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T:
        """Run a read in a thread. `aside`: with the reader for slow reads. Raises UnusableStore, StorageUnavailable."""
        reader = self._aside if aside and self._aside is not None else self._reader
        with self._reading(reader) as reader:
            return await reader.read(run)

    async def _read_joint(self, kind: Joint[K, T], key: K) -> T:
        """The same for one key of a joint read."""
        with self._reading(self._reader) as reader:
            return await reader.read_joint(kind, key)

    @contextmanager
    def _reading(self, reader: Reader | None) -> Iterator[Reader]:
        if reader is None or not self._is_open:
            raise UnusableStore("the store is not open")
        try:
            yield reader
        except Exception as error:
            if not is_trouble(error):
                raise
            log.error("store: database cannot be read", error=log_text(error))
            raise unavailable() from error

    async def _write(self, run: Callable[[Connection], T], *changes: Change, quota: str | None = None) -> T:
        def unit(transaction: WriterTransaction) -> T:
            done = run(transaction.connection)
            transaction.changes += changes
            return done

        return await self._open_writer().work(unit, quota=quota)

    def _start(self, writer: Writer, engine: Engine, readers: int, aside: int) -> None:
        """Start the threads. `engine` has `readers` + `aside` connections that read."""
        self._closed = None
        self._reader = Reader(engine, readers, self.counts)
        self._aside = Reader(engine, aside, together=1, name="reader-aside", rests=True)
        self._writer = writer
        self._writer.start()
        self._is_open = True

    async def close(self) -> None:
        """See chat.ports.Store."""
        if self._closed is None:
            self._closed = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closed)

    async def _close(self) -> None:
        self._is_open = False
        if self._writer is not None:
            await self._writer.close()
        await self._end_indexing()
        for reader in (self._reader, self._aside):
            if reader is not None:
                await reader.close()
        self._reader = self._aside = None
        await asyncio.to_thread(self._finish)
        self._writer = None

    async def _end_indexing(self) -> None:
        """Stop feeding the index, if the writer is not who does it."""

    @abstractmethod
    def _finish(self) -> None:
        """Close the engines. Runs in a thread."""

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise UnusableStore("the store is not open")
        return self._writer
