"""The notices that tell readers of growing messages, and what each reader still has to be told.

Every TICK_SECONDS this node tells its own readers and the other nodes what was added to texts since. All that grows in a
conversation goes out in one write per connection. The connections are written to a few at a time, with rests between, so that
the loop is never held for long and is free most of the time.

For a connection that may have missed something (`Connection.missed_growth`) it is noted how much of each text it has. It gets
the rest in frames that such connections share, until its socket is full; then it is fed (`hub.feed`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter

from suhbat.chat.ports import Bus

from .channels import Channels
from .connection import Connection, FrameFormat
from .frames import Frames
from .growth import Growth

TICK_SECONDS = 0.05
"""How long what is added is collected."""
AT_ONCE = 64
"""Connections that are written to in one turn of the loop."""
REST = 4
"""After that the loop is left to others for so many times as long as it took: at most a fifth of the time goes into notices.
With very many readers a round takes longer than TICK_SECONDS, and more is collected for the next one."""


class GrowthNotices:
    """Tells readers. `by_log`: all growing messages by log key and `seq`. Used on the event loop only."""

    def __init__(self, by_log: Mapping[str, Mapping[int, Growth]], channels: Channels, bus: Bus) -> None:
        self._by_log = by_log
        self._channels = channels
        self._bus = bus
        self._dirty: dict[Growth, None] = {}
        self._writes: list[_Write] = []
        self._ticked_at = self._rests_until = 0.0
        self.is_telling = False
        """Whether something is being told, or will be soon."""

    def add(self, growth: Growth) -> None:
        """Its text has grown: tell it soon."""
        self._dirty[growth] = None
        if not self.is_telling:
            self.is_telling = True
            self._tick_at(self._now() + TICK_SECONDS)

    def forget(self, growth: Growth) -> None:
        """Nothing more is to be told of this one. Idempotent."""
        self._dirty.pop(growth, None)

    def miss_all(self, connection: Connection, log: str) -> None:
        """A connection begins to follow a log, or goes back in it: it may have nothing of the texts so far."""
        for growth in self._by_log.get(log, {}).values():
            _miss(connection, growth, 0)

    def catch_up(self, connection: Connection) -> bool:
        """Write to a connection what it has missed of the texts that were told so far. Stops when it is congested. Returns
        whether it misses nothing any more."""
        missed = connection.missed_growth
        while missed:
            if connection.wire.congested:
                return False
            (log, seq), known = missed.popitem()
            growth = self._by_log.get(log, {}).get(seq)
            if growth is None or growth.over or known >= growth.told:
                continue
            if log in connection.logs and growth.is_shown_to(connection):
                connection.wire.write(growth.rest(known))
        connection.missed_growth = None
        return True

    def _tick_at(self, when: float) -> None:
        asyncio.get_running_loop().call_at(max(when, self._rests_until), self._tick)

    def _tick(self) -> None:
        """Tell what was added since the last tick."""
        self._ticked_at, began = self._now(), perf_counter()
        dirty, self._dirty = self._dirty, {}
        by_log: dict[str, list[Growth]] = {}
        for growth in dirty:
            by_log.setdefault(growth.log, []).append(growth)
        self._writes = [write for log, growths in by_log.items() if (write := self._tell(log, growths)) is not None]
        self._write(began)

    def _tell(self, log: str, growths: list[Growth]) -> _Write | None:
        """Tell the other nodes. Returns what is to be written to the own connections."""
        channel = self._channels.by_log.get(log)
        # Readers must have the message before they are told of its text.
        self._channels.finish()
        if channel is not None and channel.pending:
            self._channels.write(channel)
        growths = [growth for growth in growths if growth.told < len(growth.text)]
        told = [(growth, growth.told) for growth in growths]
        parts = [(one.seq, one.veil, one.term, one.told, one.text[one.told :]) for one in growths if one.is_taken]
        if parts:
            self._bus.grew(log, parts)
        for growth in growths:
            growth.told = len(growth.text)
        listeners = () if channel is None or not told else tuple(channel.listeners[FrameFormat.V1])
        return _Write(log, told, listeners) if listeners else None

    def _write_on(self) -> None:
        self._write(perf_counter())

    def _write(self, began: float) -> None:
        """Write to some connections, and go on later. `began`: when this turn did."""
        left = AT_ONCE
        while self._writes and left:
            left -= self._writes[-1].some(self, left)
            if self._writes[-1].is_done:
                self._writes.pop()
        rest = REST * (perf_counter() - began)
        if self._writes:
            asyncio.get_running_loop().call_later(rest, self._write_on)
            return
        self._rests_until = self._now() + rest
        if self._dirty:
            self._tick_at(self._ticked_at + TICK_SECONDS)
        else:
            self.is_telling = False

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def fell_behind(self, connection: Connection) -> None:
        self._channels.fall_behind(connection)


class _Write:
    """What was added to messages of one log, and the connections that still have to be told. `told`: the messages, each with
    how much of it was told before."""

    def __init__(self, log: str, told: list[tuple[Growth, int]], listeners: tuple[Connection, ...]) -> None:
        self._log = log
        self._notices = [(growth, before, growth.told_since(before)) for growth, before in told]
        self._frames = Frames.joined([notice for *_, notice in self._notices])
        self._sources = {growth.source for growth, _ in told if growth.source is not None}
        self._veil = min((growth.veil for growth, _ in told if growth.veil is not None), default=None)
        self._listeners = listeners
        self._next = 0

    @property
    def is_done(self) -> bool:
        return self._next >= len(self._listeners) or not self._notices

    def some(self, notices: GrowthNotices, most: int) -> int:
        """Write to the next connections, at most so many. Returns how many there were."""
        if any(growth.over for growth, *_ in self._notices):
            # Its end has been told since the last turn, and nothing may come after that.
            self._notices = [one for one in self._notices if not one[0].over]
            self._frames = Frames.joined([notice for *_, notice in self._notices])
        some = self._listeners[self._next : self._next + most] if self._notices else ()
        self._next += len(some)
        for connection in some:
            if self._log not in connection.logs:
                continue
            if not connection.live or connection.wire.congested or connection.missed_growth is not None:
                self._miss(notices, connection)
            elif connection.id not in self._sources and (
                self._veil is None or connection.floors.get(self._log, 0) < self._veil
            ):
                connection.wire.write(self._frames)
            elif mine := [
                notice
                for growth, _, notice in self._notices
                if growth.source != connection.id and growth.is_shown_to(connection)
            ]:
                connection.wire.write(Frames.joined(mine))
        return len(some)

    def _miss(self, notices: GrowthNotices, connection: Connection) -> None:
        for growth, before, _ in self._notices:
            if growth.source != connection.id:
                _miss(connection, growth, before)
        if connection.live and not notices.catch_up(connection):
            notices.fell_behind(connection)


def _miss(connection: Connection, growth: Growth, known: int) -> None:
    """A connection may have no more than so many characters of a text."""
    if connection.format is not FrameFormat.V1:
        return
    if connection.missed_growth is None:
        connection.missed_growth = {}
    key = (growth.log, growth.seq)
    connection.missed_growth[key] = min(known, connection.missed_growth.get(key, known))
