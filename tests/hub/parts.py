"""A log in memory and a wire that records, for tests of the hub without a socket or a disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from suhbat.bus.memory import MemoryBus
from suhbat.chat.model import Actor, Change, StoreDelta
from suhbat.chat.ports import LogReader
from suhbat.chat.presence import PresenceTracker
from suhbat.hub.connection import Connection, FrameFormat
from suhbat.hub.frames import Frames
from suhbat.hub.hub import Hub
from suhbat.hub.reconciliation import ChangeListener, Reconciliation
from suhbat.protocol.closes import Close
from suhbat.protocol.events import ConversationAdded, ConversationRemoved, MemberLeft
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LiveEvent, LoggedEvent, model_of
from suhbat.protocol.objects import ConversationState, User
from suhbat.tasks import Tasks
from tests.fakes import FakePresenceListener


class Log:
    """The reads that the hub makes of a store. `gate` delays a read until it is set."""

    def __init__(self) -> None:
        self.entries: dict[str, list[LoggedEvent]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.reads = 0

    async def heads(self, logs: Collection[str] | None = None) -> dict[str, int]:
        await asyncio.sleep(0)
        await self.gate.wait()
        return {key: len(self.entries.get(key, [])) for key in (logs if logs is not None else self.entries)}

    async def changes_since(self, logs: Collection[str], since: str | None = None) -> StoreDelta:
        return StoreDelta("", await self.heads(logs))

    async def events(self, log: str, after: int, limit: int) -> list[LoggedEvent]:
        self.reads += 1
        page = self.entries.get(log, [])[after : after + limit]
        await asyncio.sleep(0)
        await self.gate.wait()
        return [LoggedEvent(name, model_of(event)) for name, event in page]

    def write(self, log: str = "lobby", *, actor: str = "ua", text: str | None = None) -> LoggedEvent:
        """Append a message, as a commit does. The test decides whether the hub gets it."""
        entries = self.entries.setdefault(log, [])
        seq = len(entries) + 1
        return self._append(log, LiveMessage(log, seq, seq, 0, actor, actor, text or f"m{seq}"))

    def add_direct(self, uid: str, conversation: str, since: int = 0) -> LoggedEvent:
        """The event in a user's own log that a direct was added. `since`: the user's floor in it."""
        key = f"@me:{uid}"
        state = ConversationState(
            conversation=conversation, kind="direct", title="b", head=0, member_count=2, since=since
        )
        seq = len(self.entries.get(key, [])) + 1
        return self._append(
            key, ConversationAdded(conversation="@me", seq=seq, at=0, actor="ua", actor_uid="ua", state=state)
        )

    def leave(self, uid: str, room: str) -> list[LoggedEvent]:
        """The events of a member's removal from a room, in the order of their commit."""
        own, key = f"@me:{uid}", room
        common = {"at": 0, "actor": "ua", "actor_uid": "ua"}
        seq = len(self.entries.get(own, [])) + 1
        removed = self._append(own, ConversationRemoved(conversation="@me", seq=seq, removed=room, **common))
        seq = len(self.entries.get(key, [])) + 1
        left = self._append(key, MemberLeft(conversation=room, seq=seq, user=User(uid=uid, user_id=uid), **common))
        return [removed, left]

    def _append(self, log: str, event: LiveEvent) -> LoggedEvent:
        entry = LoggedEvent(log, event)
        self.entries.setdefault(log, []).append(entry)
        return entry


class RecordingWire:
    """Records the frames that were written. The test sets `congested`; `drain` ends the congestion."""

    def __init__(self) -> None:
        self.congested = False
        self.closed = False
        self.code: Close | None = None
        self.frames: list[dict[str, Any]] = []
        self.writes = 0
        self._flows = asyncio.Event()

    def write(self, frames: Frames) -> None:
        self.writes += 1
        self.frames += [json.loads(payload) for payload in frames.payloads]

    def reply(self, payload: bytes) -> None:
        self.write(Frames([payload]))

    def unsent(self) -> int:
        return 1_000_000 if self.congested else 0

    async def drained(self) -> None:
        while self.congested and not self.closed:
            self._flows.clear()
            await self._flows.wait()

    def drain(self) -> None:
        self.congested = False
        self._flows.set()

    def close(self, code: Close, reason: str = "") -> None:
        if not self.closed:
            self.code, self.closed = code, True
        self._flows.set()

    def abort(self) -> None:
        self.closed = True
        self._flows.set()

    def probe(self, patience: float) -> None: ...
    def confirm(self, done: Any) -> None: ...

    def seqs(self, conversation: str = "lobby") -> list[int]:
        """The `seq` of each message of this conversation, in the order they were written."""
        return [
            frame["seq"]
            for frame in self.frames
            if frame["type"] in ("message", "message.created") and frame["conversation"] == conversation
        ]

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


def hub_over(log: Log, tasks: Tasks | None = None) -> Hub:
    """A hub over this log."""
    return Hub(
        cast(LogReader, log),
        MemoryBus(),
        PresenceTracker(1_000, FakePresenceListener()),
        Tasks() if tasks is None else tasks,  # an empty one is false
        lambda: False,
        lambda file: f"{file.url}?signed",
    )


@asynccontextmanager
async def running(log: Log) -> AsyncIterator[Hub]:
    """An open hub over this log; its tasks are cancelled afterwards."""
    tasks = Tasks()
    hub = hub_over(log, tasks)
    await hub.open()
    try:
        yield hub
    finally:
        hub.close()
        await tasks.close()


@asynccontextmanager
async def reconciling(hub: Hub, log: Log, listener: ChangeListener | None = None) -> AsyncIterator[Reconciliation]:
    """Compare the hub with the log every 2 s, and on request."""
    tasks = Tasks()
    reconciliation = Reconciliation(cast(LogReader, log), hub, listener or NoCaches())
    tasks.start(reconciliation.run())
    try:
        yield reconciliation
    finally:
        await tasks.close()


class NoCaches:
    """A change listener without any cached data."""

    def invalidate(self, changes: Sequence[Change], whole: bool) -> None: ...


def connect(
    hub: Hub, uid: str, format: FrameFormat = FrameFormat.V1, *, live: bool = True
) -> tuple[Connection, RecordingWire]:
    """A connection that follows the lobby and its own log: live, or not started."""
    wire = RecordingWire()
    connection = Connection(wire, format, Actor(uid=uid, user_id=uid), "en")
    hub.add(connection)
    if live:
        hub.start_live(connection)
    return connection, wire


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(30):
        await asyncio.sleep(0)
