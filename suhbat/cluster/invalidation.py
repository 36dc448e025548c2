"""What a node keeps in memory and another node has changed: accounts, guests, sessions, bans, pages of logs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from itertools import islice

import structlog

from suhbat.chat.bans import Bans
from suhbat.chat.model import Change
from suhbat.chat.ports import ModerationReader
from suhbat.errors import Forbidden, SuhbatError
from suhbat.hub.hub import Hub
from suhbat.identity.lookups import AT_ONCE
from suhbat.identity.people import People
from suhbat.tasks import Tasks

ORDER = ("session", "bans", "log", "account", "guest")
"""Who was shut out comes before who signed up."""
RETRY_SECONDS = 0.5
"""The store may be away for a while."""

log = structlog.get_logger("suhbat")


class Renewal:
    """Reads anew what has changed, a group of each kind at a time; connections that end by it are closed by the parts.

    One task does it, for as long as something is due: whoever tells of changes never waits for them to be read.
    """

    def __init__(self, store: ModerationReader, hub: Hub, people: People, bans: Bans, tasks: Tasks) -> None:
        self._store = store
        self._hub = hub
        self._people = people
        self._bans = bans
        self._tasks = tasks
        self._due: dict[str, dict[str, None]] = {kind: {} for kind in ORDER}
        self._whole = False
        self._working = False

    def hear(self, changes: Sequence[Change]) -> None:
        """The bus says so."""
        self.take(changes, False)

    def take(self, changes: Sequence[Change], whole: bool) -> None:
        """The store says so; `whole`: it does not say what. What fails is tried again until it succeeds."""
        for change in changes:
            if change.kind in self._due:  # a newer version may keep what this one does not
                self._due[change.kind][change.key] = None
        self._whole |= whole
        if not self._working:
            self._working = True
            self._tasks.start(self._work())

    async def _work(self) -> None:
        try:
            while self._whole or any(self._due.values()):
                if not await self._round():
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._working = False

    async def _round(self) -> bool:
        """Everything, if need be; then a group of each kind, the first first. Whether nothing failed: what did is due again,
        and keeps nothing else from its turn."""
        went_well = True
        if self._whole:
            self._whole = False
            if not await self._try(self._everything()):
                self._whole, went_well = True, False
        for kind in ORDER:
            due = self._due[kind]
            keys = list(islice(due, AT_ONCE))
            for key in keys:
                del due[key]
            if keys and not await self._try(self._group(kind, keys)):
                due.update(dict.fromkeys(keys))
                went_well = False
        return went_well

    async def _try(self, work: Coroutine[None, None, None]) -> bool:
        try:
            await work
        except SuhbatError as error:
            log.warning("what another node has changed could not be read yet", error=str(error))
            return False
        except Exception:
            log.exception("what another node has changed could not be read")
            return False
        return True

    async def _group(self, kind: str, keys: Collection[str]) -> None:
        if kind == "session":
            await self._people.sessions.renew(keys)
        elif kind == "bans":
            await self._bans.load(self._store)
            for uid in keys:
                self._banish(uid)
        elif kind == "account":
            await self._people.renew_accounts(keys)
        elif kind == "guest":
            await self._people.guests.renew(keys)
        else:
            for name in keys:
                self._hub.pages.forget(name)

    async def _everything(self) -> None:
        self._hub.pages.clear()
        sessions = {connection.session for connection in self._hub.connections}
        await self._people.sessions.renew_all({session for session in sessions if session is not None})
        await self._bans.load(self._store)
        for uid in {connection.actor.uid for connection in self._hub.connections}:
            self._banish(uid)
        await self._people.renew_everybody()

    def _banish(self, uid: str) -> None:
        try:
            self._bans.check(uid)
        except Forbidden:
            self._hub.connections.banish(uid)
