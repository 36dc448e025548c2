"""The channels of this process: opened for the first listener, closed after the last, flushed once in a loop turn."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.ports import Bus
from suhbat.counting import FanOut
from suhbat.protocol.simple import Link
from suhbat.protocol.types import LOBBY

from .channel import Channel
from .coalescing import Coalescing
from .connection import Connection
from .page_cache import PageCache
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
        self._pending: dict[Channel, None] = {}

    def open(self, log: str) -> Channel:
        """Return the channel of a log. A new one is subscribed on the bus and has no head yet."""
        channel = self.by_log.get(log)
        if channel is None:
            channel = self.by_log[log] = Channel(log, self.fan_out, self.link)
            self._bus.follow(log)
        return channel

    def leave(self, connection: Connection, log: str) -> None:
        """Remove a connection from the listeners of a log, and close the channel after the last one. Idempotent."""
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
        """Flush all channels that have pending frames."""
        if self._pending:
            self._coalescing.flush()

    def write(self, channel: Channel) -> None:
        """Flush one channel."""
        for connection in channel.flush():
            self._fell_behind(connection)

    def fall_behind(self, connection: Connection) -> None:
        """A live connection of v1 has missed something because it is congested: it is fed until it is live again."""
        connection.live = False
        self._fell_behind(connection)

    def _write_pending(self) -> None:
        pending, self._pending = self._pending, {}
        for channel in pending:
            self.write(channel)
