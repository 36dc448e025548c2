"""One log as the hub follows it: its head, its listeners, and what this turn of the loop has for them."""

from __future__ import annotations

from collections.abc import Collection

from suhbat.counting import FanOut
from suhbat.protocol import simple
from suhbat.protocol.events import Event
from suhbat.protocol.types import LOBBY

from .connection import Connection, FrameFormat
from .frames import Frames
from .views import Views

HELD = 10_000
"""Events of one log that are kept when they come too early; more are read from the store with those before them."""


class Channel:
    """A log that somebody here listens to.

    `head` is the last `seq` applied, None until it was read from the store; `flushed` the last `seq` written to those who
    are live. `held` keeps events that came too early; `filling`: the hub waits for what lies before them, or reads it.
    `touched` is the tick of the last event, for heads in `pong`. `announced` counts the frames without `seq`.
    `echo`: the sender of the simple dialect reads here what it wrote (the lobby; a direct with oneself).
    """

    __slots__ = (
        "_fan_out",
        "announced",
        "echo",
        "filling",
        "flushed",
        "head",
        "held",
        "listeners",
        "log",
        "pending",
        "touched",
    )

    def __init__(self, log: str, fan_out: FanOut) -> None:
        self._fan_out = fan_out
        self.log = log
        self.head: int | None = None
        self.flushed = 0
        self.held: dict[int, Event] = {}
        self.filling = False
        self.listeners: tuple[dict[Connection, None], dict[Connection, None]] = ({}, {})
        self.pending: list[Event | bytes] = []
        self.announced = 0
        self.echo = log == LOBBY
        self.touched = 0

    @property
    def empty(self) -> bool:
        return not self.listeners[FrameFormat.SIMPLE] and not self.listeners[FrameFormat.V1]

    def all_listeners(self) -> list[Connection]:
        """The listeners of both dialects."""
        return [*self.listeners[FrameFormat.SIMPLE], *self.listeners[FrameFormat.V1]]

    def begin(self, head: int) -> list[Event]:
        """The store's head is known: what is not above it is old, what follows it is applied and returned."""
        self.head = self.flushed = head
        self.held = {seq: event for seq, event in self.held.items() if seq > head}
        return self._take_held()

    def accept(self, event: Event) -> list[Event]:
        """Advance by exactly head + 1, drop what is not above, hold what is higher. Returns what was applied by it."""
        if self.head is not None and event.seq == self.head + 1 and not self.held:
            self.head += 1
            self.pending.append(event)
            return [event]
        if self.head is not None and event.seq <= self.head:
            return []
        if len(self.held) < HELD:
            self.held[event.seq] = event
        return self._take_held()

    def _take_held(self) -> list[Event]:
        applied: list[Event] = []
        while self.head is not None and (event := self.held.pop(self.head + 1, None)) is not None:
            self.head += 1
            applied.append(event)
        self.pending += applied
        return applied

    def announce(self, frame: bytes) -> None:
        """Put a frame without `seq` into the stream of the simple dialect, in order with the events."""
        self.pending.append(frame)

    def notice(self, payload: bytes, but: str | None) -> None:
        """Write a notice to the v1 listeners, except the user `but`; dropped for who is behind."""
        frames = Frames([payload])
        for connection in self.listeners[FrameFormat.V1]:
            if connection.actor.uid == but:
                continue
            if connection.live and not connection.wire.congested:
                connection.wire.write(frames)
            else:
                connection.missed_presence = True

    def flush(self) -> list[Connection]:
        """Write what is pending to all who are live, without an await; returns those who could not take it.

        A channel's frames are encoded once per dialect, and once more for readers from whom some of them are hidden (see
        `Views`). Only a direct's are made per reader of the simple dialect: they carry the reader's name, and there are few.
        """
        pending, self.pending = self.pending, []
        behind: list[Connection] = []
        if not pending:
            return behind
        before, announced = self.flushed, self.announced
        self.flushed = self.head or 0
        self.announced += sum(isinstance(item, bytes) for item in pending)
        simple_listeners, v1_listeners = self.listeners
        if v1_listeners:
            events = [item for item in pending if not isinstance(item, bytes)]
            if events:
                for view, group in Views(events).groups(self.log, v1_listeners):
                    self._write(FrameFormat.V1, group, view, before, announced, behind)
        if simple_listeners and self.log == LOBBY:
            shown = [item if isinstance(item, bytes) else simple.message(item, "") for item in pending]
            if frames := [frame for frame in shown if frame is not None]:
                self._write(FrameFormat.SIMPLE, simple_listeners, Frames(frames), before, announced, behind)
        else:
            for connection in simple_listeners:
                mine = [
                    frame
                    for item in pending
                    if not isinstance(item, bytes)
                    and (frame := simple.message_for(item, connection.actor, echo=self.echo)) is not None
                ]
                if mine:
                    self._write(FrameFormat.SIMPLE, [connection], Frames(mine), before, announced, behind)

        return behind

    def _write(
        self,
        format: FrameFormat,
        listeners: Collection[Connection],
        frames: Frames,
        before: int,
        announced: int,
        behind: list[Connection],
    ) -> None:
        passed_over = 0
        for connection in listeners:
            wire = connection.wire
            if connection.live and not wire.congested:
                wire.write(frames)
                continue
            if connection.live:
                connection.live = False
                connection.announced = announced
                behind.append(connection)
            connection.lag.setdefault(self.log, before)
            passed_over += 1
        written = len(listeners) - passed_over
        self._fan_out.bytes[format] += frames.size * written
        self._fan_out.frames[format] += len(frames.payloads) * written
