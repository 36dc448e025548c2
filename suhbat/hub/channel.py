"""One log as the hub follows it: its head, its listeners, and the frames to write to them at the end of this loop turn."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from suhbat.counting import FanOut
from suhbat.protocol import simple
from suhbat.protocol.logged_events import LiveEvent
from suhbat.protocol.simple import Link
from suhbat.protocol.types import LOBBY

from .connection import Connection, FrameFormat
from .frames import Frames
from .partial_flush import AT_ONCE, PartialFlush
from .views import Views

HELD = 10_000
"""Events of one log that are held while earlier ones are missing. Further ones are dropped and read from the store."""


class Channel:
    """A log with at least one listener in this process (the lobby: also without).

    `head`: the last `seq` applied; None until it was read from the store.
    `flushed`: the last `seq` written to live connections.
    `listeners`: the connections, by `FrameFormat`.
    `held`: events that arrived before their predecessors. `filling`: the predecessors are awaited or being read.
    `pending`: events, and frames without `seq`, to be written at the next flush.
    `announced`: how many frames without `seq` were written.
    `advanced_tick`: the hub's tick at the last event, which decides whether `pong` carries this head.
    `echo`: a sender of the simple dialect gets its own messages (the lobby, and a direct with oneself).
    """

    __slots__ = (
        "_fan_out",
        "_link",
        "advanced_tick",
        "announced",
        "echo",
        "filling",
        "flushed",
        "head",
        "held",
        "listeners",
        "log",
        "pending",
    )

    def __init__(self, log: str, fan_out: FanOut, link: Link) -> None:
        self._link = link
        self._fan_out = fan_out
        self.log = log
        self.head: int | None = None
        self.flushed = 0
        self.held: dict[int, LiveEvent] = {}
        self.filling = False
        self.listeners: tuple[dict[Connection, None], dict[Connection, None]] = ({}, {})
        self.pending: list[LiveEvent | bytes] = []
        self.announced = 0
        self.echo = log == LOBBY
        self.advanced_tick = 0

    @property
    def empty(self) -> bool:
        return not self.listeners[FrameFormat.SIMPLE] and not self.listeners[FrameFormat.V1]

    def all_listeners(self) -> list[Connection]:
        """The listeners of both dialects."""
        return [*self.listeners[FrameFormat.SIMPLE], *self.listeners[FrameFormat.V1]]

    def begin(self, head: int) -> list[LiveEvent]:
        """Start at the store's head. Held events at or below it are dropped; those that follow it are applied and
        returned."""
        self.head = self.flushed = head
        self.held = {seq: event for seq, event in self.held.items() if seq > head}
        return self._take_held()

    def accept(self, event: LiveEvent) -> list[LiveEvent]:
        """Apply an event with `seq` = head + 1, drop one at or below the head, hold one above. Returns the applied events,
        which include held ones that follow."""
        if self.head is not None and event.seq == self.head + 1 and not self.held:
            self.head += 1
            self.pending.append(event)
            return [event]
        if self.head is not None and event.seq <= self.head:
            return []
        if len(self.held) < HELD:
            self.held[event.seq] = event
        return self._take_held()

    def _take_held(self) -> list[LiveEvent]:
        applied: list[LiveEvent] = []
        while self.head is not None and (event := self.held.pop(self.head + 1, None)) is not None:
            self.head += 1
            applied.append(event)
        self.pending += applied
        return applied

    def announce(self, frame: bytes) -> None:
        """Queue a frame without `seq` for the simple dialect, in order with the events."""
        self.pending.append(frame)

    def notice(self, payload: bytes, but: str | None) -> None:
        """Write a notice to the v1 listeners, except to the user with the uid `but`. Connections that are behind miss it."""
        frames = Frames([payload])
        for connection in self.listeners[FrameFormat.V1]:
            if connection.actor.uid == but:
                continue
            if connection.live and not connection.wire.congested:
                connection.wire.write(frames)
            else:
                connection.missed_presence = True

    def flush(self, unfinished: list[PartialFlush] | None = None) -> list[Connection]:
        """Write pending frames to all live connections. Returns the connections that are congested and are now behind.

        `unfinished`: gets what is left to write if there are more than AT_ONCE connections; None: everything is written now.

        Contains no await. Frames are encoded once per dialect, and once more for each group of readers from whom some events
        are hidden (see `Views`). Only the frames of a direct in the simple dialect are encoded per reader, because they
        carry the reader's name; a direct has few readers.
        """
        pending, self.pending = self.pending, []
        behind: list[Connection] = []
        if not pending:
            return behind
        before, announced = self.flushed, self.announced
        self.flushed = self.head or 0
        events = [item for item in pending if not isinstance(item, bytes)]
        self.announced += len(pending) - len(events)
        simple_listeners, v1_listeners = self.listeners
        if v1_listeners and events:
            for view, group in Views(events).groups(self.log, v1_listeners):
                self._write(FrameFormat.V1, group, view, before, announced, behind, unfinished)
        if simple_listeners and self.log == LOBBY:
            shown = [item if isinstance(item, bytes) else simple.message(item, "", self._link) for item in pending]
            if frames := [frame for frame in shown if frame is not None]:
                self._write(FrameFormat.SIMPLE, simple_listeners, Frames(frames), before, announced, behind, unfinished)
        else:
            for connection in simple_listeners:
                mine = [
                    frame
                    for event in events
                    if (frame := simple.message_for(event, connection.actor, self._link, echo=self.echo)) is not None
                ]
                if mine:
                    behind += self._write_to([connection], FrameFormat.SIMPLE, Frames(mine), before, announced)
        return behind

    def _write(
        self,
        format: FrameFormat,
        listeners: Collection[Connection],
        frames: Frames,
        before: int,
        announced: int,
        behind: list[Connection],
        unfinished: list[PartialFlush] | None,
    ) -> None:
        if unfinished is None or len(listeners) <= AT_ONCE:
            behind += self._write_to(listeners, format, frames, before, announced)
            return
        rest = PartialFlush(
            self.log,
            before,
            listeners,
            partial(self._write_to, format=format, frames=frames, before=before, announced=announced),
        )
        behind += rest.write(AT_ONCE)
        unfinished.append(rest)

    def _write_to(
        self, listeners: Collection[Connection], format: FrameFormat, frames: Frames, before: int, announced: int
    ) -> list[Connection]:
        """Write to live connections. `before` and `announced` are the counters before this flush: connections that are
        congested fall behind from there. Returns these."""
        behind: list[Connection] = []
        skipped = 0
        for connection in listeners:
            wire = connection.wire
            if connection.live and not wire.congested:
                wire.write(frames)
                continue
            if connection.live:
                connection.live = False
                if self.log == LOBBY:
                    connection.announced = announced
                behind.append(connection)
            connection.lag.setdefault(self.log, before)
            skipped += 1
        written = len(listeners) - skipped
        self._fan_out.bytes[format] += frames.size * written
        self._fan_out.frames[format] += len(frames.payloads) * written
        return behind
