"""The channels of this process: opened for the first listener, closed after the last, flushed once in a loop turn.

A flush to many connections goes out a few at a time (`PartialFlush`). No event overtakes it on any of them, and no notice about
its events: whatever writes these to a connection first writes what is left for it (`settle`, `finish`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from suhbat.chat.ports import Bus
from suhbat.counting import FanOut
from suhbat.protocol.simple import Link
from suhbat.protocol.types import LOBBY

from .channel import Channel
from .coalescing import Coalescing
from .connection import Connection
from .page_cache import PageCache
from .partial_flush import AT_ONCE, PartialFlush
from .turn_end import TurnEnd


class Channels:
    """All channels, in `by_log` by the key of their log. The lobby's stays open without listeners.

    `more_coming`: whether more events are about to be applied; see `Coalescing`. `fell_behind` is called with each
    connection that was congested when a channel was flushed. `link`: see `protocol.simple`. `tick` counts calls of
    `advanced`.
    """

    def __init__(
        self,
        bus: Bus,
        pages: PageCache,
        more_coming: Callable[[], bool],
        fell_behind: Callable[[Connection], None],
        turn_end: TurnEnd,
        link: Link,
    ) -> None:
        self.by_log: dict[str, Channel] = {}
        self.fan_out = FanOut()
        self.link = link
        self.tick = 0
        self._bus = bus
        self._pages = pages
        self._fell_behind = fell_behind
        self._coalescing = Coalescing(self._write_pending, more_coming, turn_end)
        self._more_coming = more_coming
        self._pending: dict[Channel, None] = {}
        self._unfinished: list[PartialFlush] = []
        self._goes_on = False
        """Whether `_go_on` will be called."""

    def open(self, log: str) -> Channel:
        """Return the channel of a log. A new one is subscribed on the bus and has no head yet."""
        channel = self.by_log.get(log)
        if channel is None:
            channel = self.by_log[log] = Channel(log, self.fan_out, self.link)
            self._bus.follow(log)
        return channel

    def leave(self, connection: Connection, log: str) -> None:
        """Remove a connection from the listeners of a log, and close the channel after the last one. Idempotent."""
        self.settle(connection)
        connection.logs.discard(log)
        connection.floors.pop(log, None)
        connection.lag.pop(log, None)
        channel = self.by_log.get(log)
        if channel is None:
            return
        channel.listeners[connection.format].pop(connection, None)
        if channel.empty and log != LOBBY:
            del self.by_log[log]
            self._bus.unfollow(log)
            self._pending.pop(channel, None)
            self._pages.forget(log)  # without the channel, later changes would not reach the cache

    def advanced(self, channel: Channel) -> None:
        """Record that events were applied to a channel, and schedule its flush."""
        self.tick += 1
        channel.advanced_tick = self.tick
        self.flush_later(channel)

    def flush_later(self, channel: Channel) -> None:
        """Schedule a channel's flush, at the end of this loop turn or a little later (see `Coalescing`)."""
        self._pending[channel] = None
        self._coalescing.schedule()

    def flush(self) -> None:
        """Flush all channels that have pending frames, to the end."""
        if self._pending:
            self._coalescing.flush()
        self.finish()

    def write(self, channel: Channel) -> None:
        """Flush one channel, to the end."""
        self.finish()
        self._are_behind(channel.log, channel.flush())

    def finish(self) -> None:
        """Write what flushes have left for later turns of the loop."""
        while self._unfinished:
            one = self._unfinished.pop(0)
            self._are_behind(one.log, one.write())

    def settle(self, connection: Connection) -> None:
        """The same for one connection."""
        for one in self._unfinished:
            self._are_behind(one.log, one.write_to(connection))

    def position(self, connection: Connection, log: str) -> int:
        """The last `seq` written to a connection in a log that it follows."""
        known = connection.lag.get(log)
        if known is not None:
            return known
        for one in self._unfinished:
            if one.log == log and connection in one:
                return one.before
        return self.by_log[log].flushed

    def fall_behind(self, connection: Connection) -> None:
        """A live connection of v1 has missed something because it is congested: it is fed until it is live again."""
        connection.live = False
        self._fell_behind(connection)

    def _write_pending(self) -> None:
        pending, self._pending = self._pending, {}
        # While more events are coming, many are written together, and turns in between would only delay them.
        unfinished = None if self._more_coming() else self._unfinished
        for channel in pending:
            self._settle_listeners(channel)
            self._are_behind(channel.log, channel.flush(unfinished))
        if self._unfinished:
            self._go_on_soon()

    def _settle_listeners(self, channel: Channel) -> None:
        if not self._unfinished:
            return
        if sum(map(len, channel.listeners)) > AT_ONCE:
            self.finish()
            return
        for connection in channel.all_listeners():
            self.settle(connection)

    def _go_on_soon(self) -> None:
        if not self._goes_on:
            self._goes_on = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """Write to the next connections."""
        self._goes_on = False
        while self._unfinished and not self._unfinished[0]:
            del self._unfinished[0]
        if self._unfinished:
            first = self._unfinished[0]
            self._are_behind(first.log, first.write(AT_ONCE))
            self._go_on_soon()

    def _are_behind(self, log: str, connections: list[Connection]) -> None:
        """These were congested when frames of this log were written."""
        for connection in connections:
            if log != LOBBY:
                connection.announced = self.by_log[LOBBY].announced
            self._fell_behind(connection)
