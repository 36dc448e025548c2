"""What a node keeps in memory and another node has changed: accounts, guests, sessions, bans, pages of logs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from suhbat.chat.bans import Bans
from suhbat.chat.model import Change
from suhbat.chat.ports import Store
from suhbat.errors import Forbidden
from suhbat.hub.hub import Hub
from suhbat.identity.people import People

log = structlog.get_logger("suhbat")


class Renewal:
    """Reads anew what has changed, one change after another; connections that end by it are closed by the parts."""

    def __init__(self, store: Store, hub: Hub, people: People, bans: Bans) -> None:
        self._store = store
        self._hub = hub
        self._people = people
        self._bans = bans
        self._turn = asyncio.Lock()

    def hear(self, changes: Sequence[Change]) -> None:
        """The bus says so: do it soon. What fails is done at the next look at the store."""
        self._hub.spawn(self._soon(changes))

    async def take(self, changes: Sequence[Change], whole: bool) -> None:
        """The store says so; `whole`: it does not say what. Raises Busy."""
        async with self._turn:
            if whole:
                await self._everything()
                return
            for change in dict.fromkeys(changes):
                await self._one(change)

    async def _soon(self, changes: Sequence[Change]) -> None:
        try:
            await self.take(changes, False)
        except Exception as error:
            log.warning("what another node has changed could not be read yet", error=str(error))
            self._hub.healing.look()

    async def _one(self, change: Change) -> None:
        people = self._people
        if change.kind == "account":
            await people.renew_account(change.key)
        elif change.kind == "guest":
            await people.guests.renew(change.key)
        elif change.kind == "session":
            await people.sessions.renew(change.key)
        elif change.kind == "bans":
            await self._bans.load(self._store)
            self._banish(change.key)
        else:
            self._hub.pages.forget(change.key)

    async def _everything(self) -> None:
        await self._people.renew_all()
        await self._bans.load(self._store)
        for uid in {connection.actor.uid for connection in self._hub.connections}:
            self._banish(uid)
        self._hub.pages.clear()

    def _banish(self, uid: str) -> None:
        try:
            self._bans.check(uid)
        except Forbidden:
            self._hub.banish(uid)
