"""Reads from the store what a channel misses: the head of a new channel, and events that are late or were lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

import structlog

from suhbat.chat.ports import LogReader
from suhbat.errors import SuhbatError, log_text
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.tasks import Tasks

from .channel import Channel
from .channels import Channels

GAP_SECONDS = 0.05
"""How long an event waits for its missing predecessors before they are read from the store."""
AT_ONCE = 500
"""Events in one read."""

log = structlog.get_logger("suhbat.hub")


class EventSink(Protocol):
    """Takes heads and events that were read. The hub implements it."""

    def apply(self, entries: Iterable[LoggedEvent]) -> None: ...
    def learn_head(self, log: str, head: int) -> int: ...


class GapReader:
    """Reads missing events into `sink`."""

    def __init__(self, store: LogReader, channels: Channels, tasks: Tasks, sink: EventSink) -> None:
        self._store = store
        self._channels = channels
        self._tasks = tasks
        self._sink = sink

    def fill_later(self, channel: Channel) -> None:
        """Call for a channel that holds events. Unless their predecessors arrive within GAP_SECONDS, they are read."""
        if channel.head is not None and not channel.filling:
            channel.filling = True
            asyncio.get_running_loop().call_later(GAP_SECONDS, self._fill_if_held, channel)

    async def read_heads(self, channels: Iterable[Channel]) -> None:
        """Read the heads of new channels. They are subscribed on the bus already, so no later event is lost. Raises
        Busy."""
        unknown = [channel for channel in channels if channel.head is None]
        heads = await self._store.heads([channel.log for channel in unknown])
        for channel in unknown:
            self._sink.learn_head(channel.log, heads.get(channel.log, 0))

    async def read(self, channel: Channel) -> None:
        """Read and apply all events above a channel's head. Raises Busy."""
        while channel.head is not None and self._channels.by_log.get(channel.log) is channel:
            entries = await self._store.events(channel.log, channel.head, AT_ONCE)
            if not entries:
                return
            self._sink.apply(entries)

    def _fill_if_held(self, channel: Channel) -> None:
        if channel.held and channel.head is not None and self._channels.by_log.get(channel.log) is channel:
            self._tasks.start(self._fill(channel))
        else:
            channel.filling = False

    async def _fill(self, channel: Channel) -> None:
        """`filling` stays set during the read, because after an outage thousands of events may arrive too early."""
        try:
            await self.read(channel)
        except SuhbatError as error:
            log.warning("hub: missing events not read, retrying", log=channel.log, error=log_text(error))
        finally:
            channel.filling = False
