"""Reconciliation: compares the channels' heads with the store and reads missing events, because the bus may lose any (G6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from suhbat.chat.model import Change
from suhbat.chat.ports import LogReader
from suhbat.errors import SuhbatError, log_text

from .channel import Channel
from .hub import Hub

RECONCILE_SECONDS = 2.0
"""The longest time between two comparisons."""

log = structlog.get_logger("suhbat.hub")


class ChangeListener(Protocol):
    """Holds cached data that other nodes may change. Implemented by `cluster.invalidation.CacheInvalidation`."""

    def invalidate(self, changes: Sequence[Change], whole: bool) -> None:
        """Read this data again, because other nodes have changed it; with `whole`, all cached data, because it is unknown
        what changed. Must return without waiting for the reads, so that the next comparison is on time."""
        ...


class Reconciliation:
    """Compares this process with the store every RECONCILE_SECONDS, or when `compare_soon` asks for it."""

    def __init__(self, store: LogReader, hub: Hub, listener: ChangeListener) -> None:
        self._store = store
        self._hub = hub
        self._channels = hub.channels
        self._listener = listener
        self._mark: str | None = None
        self._wanted = asyncio.Event()

    async def begin(self) -> None:
        """Remember the store's position in its log of changes. Call it before any data is read into a cache: later changes
        are then found. Raises Busy."""
        self._mark = (await self._store.changes_since(())).mark or None

    def compare_soon(self) -> None:
        """Compare now, because events may have been missed. Returns at once."""
        self._wanted.set()

    async def run(self) -> None:
        """Compare until cancelled. A failed comparison is logged, and the next one tries again."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECONCILE_SECONDS):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._compare()
            except SuhbatError as error:
                log.warning("reconciliation: heads not compared", error=log_text(error))
            except Exception:
                log.exception("reconciliation: heads not compared")

    async def _compare(self) -> None:
        by_log = self._channels.by_log
        compared = {channel for channel in by_log.values() if channel.head is not None}
        moved = await self._store.changes_since(list(by_log), self._mark)
        await self._read_behind(moved.heads)
        # A channel that was opened during the read above may have started at an older head: that of the event that added a
        # member, or one read just before. The next comparison would not find what it misses, so its head is read here.
        # Two passes are enough: events of a user's own log may open channels of conversations, but those open no others,
        # and a channel opened later starts at a later head.
        for _ in range(2):
            opened = [channel for channel in by_log.values() if channel not in compared]
            await self._read_opened(opened)
            compared.update(opened)
        if moved.changes or moved.whole:
            self._listener.invalidate(moved.changes, moved.whole)
        self._mark = moved.mark or None

    async def _read_opened(self, channels: Sequence[Channel]) -> None:
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
