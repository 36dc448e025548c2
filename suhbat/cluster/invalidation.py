"""Cache invalidation: this node reads again what another node has changed (accounts, guests, sessions, bans, log pages)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from itertools import islice

import structlog

from suhbat.chat.bans import Bans
from suhbat.chat.model import Actor, Change
from suhbat.chat.ports import ModerationReader
from suhbat.errors import Forbidden, SuhbatError, log_text
from suhbat.hub.hub import Hub
from suhbat.identity.lookups import AT_ONCE
from suhbat.identity.user_directory import UserDirectory
from suhbat.tasks import Tasks

ORDER = ("session", "bans", "log", "account", "guest")
"""The order in which kinds of changes are read: revocations and bans before new accounts."""
RETRY_SECONDS = 0.5
"""The wait after a failed read, while the store may be unavailable."""

log = structlog.get_logger("suhbat")


class CacheInvalidation:
    """Reads changed data again, up to AT_ONCE keys of each kind in one query. Implements `hub.reconciliation.ChangeListener`.

    A connection that the change ends is closed by the part that owns the data. One background task reads, for as long as
    something is waiting; the caller of `invalidate` never waits for it.
    """

    def __init__(self, store: ModerationReader, hub: Hub, people: UserDirectory, bans: Bans, tasks: Tasks) -> None:
        self._store = store
        self._hub = hub
        self._people = people
        self._bans = bans
        self._tasks = tasks
        self._waiting: dict[str, dict[str, None]] = {kind: {} for kind in ORDER}
        self._everything_waits = False
        self._running = False

    def invalidate(self, changes: Sequence[Change], whole: bool = False) -> None:
        """Read these again; with `whole`, everything, because it is unknown what changed. A failed read is tried again
        until it succeeds."""
        for change in changes:
            if change.kind in self._waiting:  # a newer version may cache a kind that this one does not
                self._waiting[change.kind][change.key] = None
        self._everything_waits |= whole
        if not self._running:
            self._running = True
            self._tasks.start(self._run())

    async def _run(self) -> None:
        try:
            while self._everything_waits or any(self._waiting.values()):
                if not await self._round():
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._running = False

    async def _round(self) -> bool:
        """Read everything if that was asked for, then one group of each kind in ORDER. False if a read failed: its keys
        wait for the next round, and the other groups were read all the same."""
        succeeded = True
        if self._everything_waits:
            self._everything_waits = False
            if not await self._try(self._read_everything()):
                self._everything_waits, succeeded = True, False
        for kind in ORDER:
            waiting = self._waiting[kind]
            keys = list(islice(waiting, AT_ONCE))
            for key in keys:
                del waiting[key]
            if keys and not await self._try(self._read_group(kind, keys)):
                waiting.update(dict.fromkeys(keys))
                succeeded = False
        return succeeded

    async def _try(self, read: Coroutine[None, None, None]) -> bool:
        try:
            await read
        except SuhbatError as error:
            log.warning("cache: changes of another node not read, retrying", error=log_text(error))
            return False
        except Exception:
            log.exception("cache: changes of another node not read, retrying")
            return False
        return True

    async def _read_group(self, kind: str, keys: Collection[str]) -> None:
        if kind == "session":
            await self._people.sessions.reload(keys)
        elif kind == "bans":
            await self._bans.load(self._store)
            banned = set(keys)
            for actor in {one.actor for one in self._hub.connections if {one.actor.uid, one.actor.owner} & banned}:
                self._close_if_banned(actor)
        elif kind == "account":
            await self._people.reload_accounts(keys)
        elif kind == "guest":
            await self._people.guests.reload(keys)
        else:
            for name in keys:
                self._hub.pages.forget(name)

    async def _read_everything(self) -> None:
        self._hub.pages.clear()
        sessions = {connection.session for connection in self._hub.connections}
        await self._people.sessions.reload_all({session for session in sessions if session is not None})
        await self._bans.load(self._store)
        for actor in {connection.actor for connection in self._hub.connections}:
            self._close_if_banned(actor)
        await self._people.reload_all()

    def _close_if_banned(self, actor: Actor) -> None:
        try:
            self._bans.check(actor)
        except Forbidden:
            self._hub.connections.close_banned(actor.uid)
