"""Reconciliation: heads are compared with the store, and what is missing is read. The bus may lose anything (G6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from suhbat.chat.model import Change
from suhbat.chat.ports import LogReader
from suhbat.errors import SuhbatError

from .channel import Channel
from .hub import Hub

RECONCILE_SECONDS = 2.0
"""How often."""

log = structlog.get_logger("suhbat.hub")


class ChangeListener(Protocol):
    """What keeps in memory what other nodes may change."""

    def invalidate(self, changes: Sequence[Change], whole: bool) -> None:
        """Other nodes changed this; `whole`: nobody knows what they changed. Must not wait for it to be read: the next
        comparison is in time whatever that takes."""
        ...


class Reconciliation:
    """Compares this process with the store every RECONCILE_SECONDS, and when it is told to."""

    def __init__(self, store: LogReader, hub: Hub, listener: ChangeListener) -> None:
        self._store = store
        self._hub = hub
        self._channels = hub.channels
        self._listener = listener
        self._mark: str | None = None
        self._wanted = asyncio.Event()

    async def begin(self) -> None:
        """Call before anything is read from the store into memory: what happens from here on is not missed."""
        self._mark = (await self._store.moved(())).mark or None

    def compare_soon(self) -> None:
        """Compare now: something may have been missed."""
        self._wanted.set()

    async def run(self) -> None:
        """For as long as the hub is open."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECONCILE_SECONDS):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._compare()
            except SuhbatError as error:
                # The store may be away for a while; the next round tries again.
                log.warning("heads could not be compared with the store", error=str(error))
            except Exception:
                log.exception("heads could not be compared with the store")

    async def _compare(self) -> None:
        by_log = self._channels.by_log
        known = {channel for channel in by_log.values() if channel.head is not None}
        moved = await self._store.moved(list(by_log), self._mark)
        await self._read_behind(moved.heads)
        # A channel that was opened after the store was asked began at a head that may be older than this comparison: that
        # of the event that let somebody in, or one read just before. The next comparison would not see what it misses. So
        # new channels are read twice: events of an own log may open conversations. Those open nothing further, and a
        # channel that is opened later reads a later head.
        for _ in range(2):
            fresh = [channel for channel in by_log.values() if channel not in known]
            await self._read_fresh(fresh)
            known.update(fresh)
        if moved.changes or moved.whole:
            self._listener.invalidate(moved.changes, moved.whole)
        self._mark = moved.mark or None

    async def _read_fresh(self, channels: Sequence[Channel]) -> None:
        if channels:
            heads = await self._store.heads([channel.log for channel in channels])
            for channel in channels:
                if self._channels.by_log.get(channel.log) is channel:
                    self._hub.learn_head(channel.log, heads.get(channel.log, 0))
            await self._read_behind(heads)

    async def _read_behind(self, heads: Mapping[str, int]) -> None:
        for log_key, head in heads.items():
            channel = self._channels.by_log.get(log_key)
            if channel is not None and channel.head is not None and head > channel.head:
                await self._hub.gaps.read(channel)
