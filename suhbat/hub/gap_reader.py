"""What a channel misses is read from the store: its head when it is new, and events that came too late or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

import structlog

from suhbat.chat.ports import LogReader
from suhbat.errors import SuhbatError
from suhbat.protocol.events import LogEntry
from suhbat.tasks import Tasks

from .channel import Channel
from .channels import Channels

GAP_SECONDS = 0.05
"""How long an event that came too early waits for those before it, until the store is read."""
AT_ONCE = 500
"""Events that are read at a time."""

log = structlog.get_logger("suhbat.hub")


class EventSink(Protocol):
    """Where what was read goes in: the hub."""

    def apply(self, entries: Iterable[LogEntry]) -> None: ...
    def learn_head(self, log: str, head: int) -> int: ...


class GapReader:
    """Reads what is missing, one read at a time for each channel."""

    def __init__(self, store: LogReader, channels: Channels, tasks: Tasks, sink: EventSink) -> None:
        self._store = store
        self._channels = channels
        self._tasks = tasks
        self._sink = sink

    def wait(self, channel: Channel) -> None:
        """A channel holds events that came too early: if those before them do not come soon, read them."""
        if channel.head is not None and not channel.filling:
            channel.filling = True
            asyncio.get_running_loop().call_later(GAP_SECONDS, self._waited, channel)

    async def read_heads(self, channels: Iterable[Channel]) -> None:
        """Read the heads of channels that are new here. They already listen, so nothing falls between."""
        unknown = [channel for channel in channels if channel.head is None]
        heads = await self._store.heads([channel.log for channel in unknown])
        for channel in unknown:
            self._sink.learn_head(channel.log, heads.get(channel.log, 0))

    async def read(self, channel: Channel) -> None:
        """Apply what the store has above a channel's head."""
        while channel.head is not None and self._channels.by_log.get(channel.log) is channel:
            entries = await self._store.events(channel.log, channel.head, AT_ONCE)
            if not entries:
                return
            self._sink.apply(entries)

    def _waited(self, channel: Channel) -> None:
        if channel.held and channel.head is not None and self._channels.by_log.get(channel.log) is channel:
            self._tasks.start(self._fill(channel))
        else:
            channel.filling = False

    async def _fill(self, channel: Channel) -> None:
        """One read at a time: after an outage thousands of events may come too early."""
        try:
            await self.read(channel)
        except SuhbatError as error:
            log.warning("missing events could not be read yet", log=channel.log, error=str(error))
        finally:
            channel.filling = False
