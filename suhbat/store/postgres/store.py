"""The store in PostgreSQL, for several nodes at once. Needs the extra `suhbat[cluster]`.

Like the SQLite store it works in threads, with a synchronous driver (psycopg): a transaction takes several round trips, and a
busy event loop would add a turn between each two of them while other nodes wait for the locked rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from suhbat.chat.bounds import Bounds
from suhbat.chat.model import Account, Actor, Change, Changed, Committed, Guest, NodeUpdate, StoreDelta
from suhbat.chat.ports import Clock
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.store import indexer
from suhbat.store.dialect import is_trouble
from suhbat.store.errors import UnusableStore
from suhbat.store.migrate import is_moving, migrate_shared, revision, supports
from suhbat.store.migrations import HEAD
from suhbat.store.people import accounts as rows_of_accounts
from suhbat.store.people import guests
from suhbat.store.read.floor import LobbyHistory
from suhbat.store.sql import DEFAULTS, SQLStore
from suhbat.store.tables import accounts
from suhbat.store.write.transaction import WriterRules
from suhbat.store.write.writer import Writer

from . import journal, leases, passes
from .connect import connect
from .database_identity import epoch_of, read_identity
from .shared_committer import SharedCommitter, open_connection
from .shared_indexing import SharedIndexing

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

READERS = 4
"""Threads that read, each with a connection of its own."""
ASIDE = 2
"""Threads that read for searches and exports."""


def prepare(database_url: str) -> str | None:
    """Migrate the database to the schema of this version (`suhbat migrate`). Returns the revision before, None for a new
    database.

    Raises UnusableStore: the database cannot be reached, or its schema is newer.
    """
    engine = connect(database_url, patient=True)
    try:
        with engine.connect() as connection:
            return migrate_shared(connection)
    except DBAPIError as error:
        if not is_trouble(error):
            raise
        raise _unreachable(error) from error
    finally:
        engine.dispose()


def _unreachable(error: DBAPIError) -> UnusableStore:
    return UnusableStore(f"the database cannot be reached ({str(error.orig).strip()}); see database_url")


class PostgresStore(SQLStore):
    """Implements chat.ports.Store over the database at `database_url`, which `suhbat migrate` has prepared."""

    def __init__(
        self,
        database_url: str,
        *,
        lobby_history: LobbyHistory = "since_joined",
        clock: Clock,
        bounds: Bounds = DEFAULTS,
    ) -> None:
        super().__init__(lobby_history=lobby_history, clock=clock, bounds=bounds)
        self._url = database_url
        self._writes: Engine | None = None
        self._reads: Engine | None = None
        self._indexing: SharedIndexing | None = None

    async def open(self, committed: Committed, changed: Changed | None = None) -> None:
        """See chat.ports.Store. Raises UnusableStore: the database cannot be reached, or must be migrated."""
        writes = self._writes = connect(self._url)
        self._reads = connect(self._url, reading=READERS + ASIDE)
        try:
            identity = await asyncio.to_thread(self._prepare)
        except BaseException:
            self._finish()
            raise
        committer = SharedCommitter(self._writes, identity, WriterRules(self._lobby_history, self._bounds))
        indexing = self._indexing = SharedIndexing(lambda: open_connection(writes, identity))

        def told(entries: list[LoggedEvent]) -> Callable[[], None] | None:
            indexing.told()
            return committed(entries)

        indexing.start()
        self._start(Writer(committer, told, changed, counts=self.counts), self._reads, READERS, ASIDE)

    async def ready(self) -> None:
        """See chat.ports.Store."""
        self._open_writer().check()
        if not await self._read(_is_current):
            raise UnusableStore(
                "the database was migrated to a version that this one cannot work with; update this node"
            )

    async def changes_since(self, logs: Collection[str], since: str | None = None) -> StoreDelta:
        """See chat.ports.Store."""
        wanted = list(logs)
        return await self._read(lambda c: journal.changes_since(c, wanted, since))

    @property
    def index_lag(self) -> float:
        return 0.0 if self._indexing is None else self._indexing.schedule.lag

    async def _index_reached(self) -> None:
        """See SQLStore. Messages of other nodes count too: a user may have seen them here."""
        if self._indexing is not None and not await self._read(_is_all_indexed):
            await self._indexing.reached()

    async def _end_indexing(self) -> None:
        if self._indexing is not None:
            await self._indexing.close()

    async def save_guest(self, guest: Guest) -> None:
        """See chat.ports.Store. Raises NameInUse if a user of another node has the name."""

        def save(connection: Connection) -> None:
            leases.require_free(connection, guest.skeleton, guest.user_id, guest.uid)
            guests.save(connection, guest)

        await self._write(save, Change("guest", guest.uid))

    async def add_account(self, account: Account, invite: bytes | None = None) -> str | None:
        """See chat.ports.AccountStore. Also raises NameInUse if a user of another node has the name."""

        def add(connection: Connection) -> str | None:
            if (
                connection.execute(select(accounts.c.uid).where(accounts.c.skeleton == account.skeleton)).first()
                is None
            ):
                leases.require_free(connection, account.skeleton, account.user_id, account.uid)
            return rows_of_accounts.add(connection, account, invite)

        return await self._write(add, Change("account", account.uid))

    # chat.ports.Cluster

    @property
    def cluster(self) -> PostgresStore:
        return self

    async def join(self, node: str, people: Collection[Actor], names: Mapping[str, str]) -> set[str]:
        present, held = tuple(people), dict(names)
        return await self._write(lambda c: leases.join(c, node, present, held))

    async def beat(self, node: str, entered: Sequence[Actor], left: Sequence[Actor]) -> None:
        await self._write(lambda c: leases.beat(c, node, entered, left))

    async def set_active(self, node: str, seconds: Mapping[str, float]) -> None:
        left = dict(seconds)
        await self._write(lambda c: leases.set_active(c, node, left))

    async def active(self, uids: Collection[str]) -> set[str]:
        wanted = tuple(uids)
        return await self._read(lambda c: leases.active(c, wanted))

    async def leave(self, node: str) -> None:
        await self._write(lambda c: leases.leave(c, node))

    async def others(self, node: str, known: Mapping[str, int]) -> Mapping[str, NodeUpdate]:
        versions = dict(known)
        return await self._read(lambda c: leases.others(c, node, versions))

    async def hold(self, node: str, skeleton: str, actor: Actor) -> None:
        await self._write(lambda c: leases.hold(c, node, skeleton, actor.user_id, actor.uid))

    async def holders(self, skeletons: Collection[str]) -> set[str]:
        wanted = tuple(skeletons)
        return await self._read(lambda c: leases.holders(c, wanted))

    async def release(self, skeleton: str, uid: str) -> None:
        await self._write(lambda c: leases.release(c, skeleton, uid))

    async def put_pass(self, hash: bytes, body: str, seconds: int) -> None:
        await self._write(lambda c: passes.put(c, hash, body, seconds))

    async def take_pass(self, hash: bytes) -> str | None:
        return await self._write(lambda c: passes.take(c, hash))

    async def prune(self) -> None:
        def delete(connection: Connection) -> None:
            journal.prune(connection)
            passes.prune(connection)

        await self._write(delete)

    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T:
        try:
            return await super()._read(run, aside=aside)
        except Exception as error:
            cause = error.__cause__
            if not isinstance(cause, DBAPIError) or not cause.connection_invalidated:
                raise
        # The database was restarted since this connection was used last. A new connection may work.
        return await super()._read(run, aside=aside)

    def _prepare(self) -> str:
        """Connect, check the schema, decide the epoch. Returns the database identity."""
        assert self._writes is not None
        try:
            with self._writes.connect() as connection, connection.begin():
                if not _is_current(connection):
                    raise UnusableStore(
                        "the database is not prepared for this version: run `suhbat migrate` with the same database_url"
                    )
                if is_moving(connection):
                    raise UnusableStore(
                        "not everything was moved to the database yet: run `suhbat migrate-store` until it says so"
                    )
                identity = read_identity(connection)
                self.epoch = epoch_of(connection, identity)
                return identity
        except DBAPIError as error:
            if not is_trouble(error):
                raise
            raise _unreachable(error) from error

    def _finish(self) -> None:
        for opened in (self._reads, self._writes):
            if opened is not None:
                with suppress(Exception):
                    opened.dispose()
        self._reads = self._writes = None


def _is_all_indexed(connection: Connection) -> bool:
    return journal.has_passed_all(connection, indexer.NAME)


def _is_current(connection: Connection) -> bool:
    """Whether this version can use the schema: its own, or a later one that declares it."""
    present = revision(connection)
    return present == HEAD or (present is not None and present > HEAD and supports(connection, HEAD))
