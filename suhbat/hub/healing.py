"""Comparing this node with the store: the bus may lose anything, and at most this much later it is here all the same (G6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from suhbat.chat.model import Change
from suhbat.errors import SuhbatError

if TYPE_CHECKING:
    from .hub import Hub
    from .room import Room

HEAL_SECONDS = 2.0
"""How often."""

log = structlog.get_logger("suhbat.hub")


def _nothing_kept(changes: Sequence[Change], whole: bool) -> None:
    """Until somebody sets `Healing.renew`."""


class Healing:
    """Looks at the store every HEAL_SECONDS, and when it is told to."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._mark: str | None = None
        self._look = asyncio.Event()
        self.renew: Callable[[Sequence[Change], bool], None] = _nothing_kept
        """Called with what other nodes changed that is kept in memory; True: nobody knows what. Does not wait for it to be
        read: the next look is in time whatever that takes. Wired by `node.py`."""

    async def begin(self) -> None:
        """Call before anything is read from the store into memory: what happens from here on is not missed."""
        self._mark = (await self._hub.store.moved(())).mark or None

    def look(self) -> None:
        """Compare now: something may have been missed."""
        self._look.set()

    async def run(self) -> None:
        """For as long as the hub is open."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEAL_SECONDS):
                    await self._look.wait()
            self._look.clear()
            try:
                await self._compare()
            except SuhbatError as error:
                # The store may be away for a while; the next round tries again.
                log.warning("heads could not be compared with the store", error=str(error))
            except Exception:
                log.exception("heads could not be compared with the store")

    async def _compare(self) -> None:
        hub = self._hub
        known = {room for room in hub.rooms.values() if room.head is not None}
        moved = await hub.store.moved(list(hub.rooms), self._mark)
        await self._read_behind(moved.heads)
        # What came to be followed since the store was asked began at a head that may be older than this look: that of the
        # event which let somebody in, or one read just before. The next look would not see what it misses. Twice: an own
        # log that is new itself may lead to conversations; those lead nowhere, and who comes later reads a later head.
        for _ in range(2):
            fresh = [room for room in hub.rooms.values() if room not in known]
            await self._read_fresh(fresh)
            known.update(fresh)
        if moved.changes or moved.whole:
            self.renew(moved.changes, moved.whole)
        self._mark = moved.mark or None

    async def _read_fresh(self, rooms: Sequence[Room]) -> None:
        if rooms:
            heads = await self._hub.store.heads([room.log for room in rooms])
            for room in rooms:
                if self._hub.rooms.get(room.log) is room:
                    self._hub.know(room.log, heads.get(room.log, 0))
            await self._read_behind(heads)

    async def _read_behind(self, heads: Mapping[str, int]) -> None:
        for key, head in heads.items():
            room = self._hub.rooms.get(key)
            if room is not None and room.head is not None and head > room.head:
                await self._hub.read(room)
