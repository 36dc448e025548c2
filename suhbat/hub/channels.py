"""The channels of this process: opened for the first listener, closed after the last, written once a turn of the loop."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.ports import Bus
from suhbat.counting import FanOut
from suhbat.protocol.types import LOBBY

from .channel import Channel
from .coalescing import Coalescing
from .connection import Connection
from .page_cache import PageCache


class Channels:
    """`by_log` has them by the keys of their logs.

    `more_coming`: whether more events are about to be applied; see `Coalescing`. `fell_behind` is called with each
    connection that could not take what was written to it.
    """

    def __init__(
        self,
        bus: Bus,
        pages: PageCache,
        more_coming: Callable[[], bool],
        fell_behind: Callable[[Connection], None],
    ) -> None:
        self.by_log: dict[str, Channel] = {}
        self.fan_out = FanOut()
        self.tick = 0
        self._bus = bus
        self._pages = pages
        self._fell_behind = fell_behind
        self._coalescing = Coalescing(self._write_pending, more_coming)
        self._pending: dict[Channel, None] = {}

    def open(self, log: str) -> Channel:
        """The channel of a log. From here on the bus is listened to for it."""
        channel = self.by_log.get(log)
        if channel is None:
            channel = self.by_log[log] = Channel(log, self.fan_out)
            self._bus.follow(log)
        return channel

    def leave(self, connection: Connection, log: str) -> None:
        """A connection no longer follows a log. Idempotent."""
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
            self._pages.forget(log)  # nothing would tell the cache of changes any more

    def advanced(self, channel: Channel) -> None:
        """Events were applied to a channel."""
        self.tick += 1
        channel.touched = self.tick
        self.touch(channel)

    def touch(self, channel: Channel) -> None:
        """A channel has something to write: at the end of this turn, or a little later."""
        self._pending[channel] = None
        self._coalescing.schedule()

    def flush(self) -> None:
        """Write now what has gathered."""
        if self._pending:
            self._coalescing.flush()

    def write(self, channel: Channel) -> None:
        """Write now what one channel has gathered."""
        for connection in channel.flush():
            self._fell_behind(connection)

    def _write_pending(self) -> None:
        pending, self._pending = self._pending, {}
        for channel in pending:
            self.write(channel)
