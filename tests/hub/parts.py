"""A log in memory and a wire that remembers, for tests of the hub without a socket or a disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from typing import Any, cast

from suhbat.chat.model import Actor, Moved
from suhbat.chat.ports import Store
from suhbat.hub.connection import Connection, Dialect
from suhbat.hub.frames import Frames
from suhbat.hub.hub import Hub
from suhbat.protocol.closes import Close
from suhbat.protocol.events import ConversationAdded, ConversationRemoved, Event, LogEntry, MemberLeft, MessageCreated
from suhbat.protocol.objects import ConversationState, Message, User


class Log:
    """The two reads that the hub makes of a store. `gate` holds a read up until it is set."""

    def __init__(self) -> None:
        self.entries: dict[str, list[LogEntry]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.reads = 0

    async def heads(self, logs: Collection[str] | None = None) -> dict[str, int]:
        await asyncio.sleep(0)
        await self.gate.wait()
        return {key: len(self.entries.get(key, [])) for key in (logs if logs is not None else self.entries)}

    async def moved(self, logs: Collection[str], since: str | None = None) -> Moved:
        return Moved("", await self.heads(logs))

    async def events(self, log: str, after: int, limit: int) -> list[LogEntry]:
        self.reads += 1
        page = self.entries.get(log, [])[after : after + limit]
        await asyncio.sleep(0)
        await self.gate.wait()
        return page

    def write(self, log: str = "lobby", *, actor: str = "ua", text: str | None = None) -> LogEntry:
        """Append a message, as a commit does; whether the hub hears of it is the test's business."""
        entries = self.entries.setdefault(log, [])
        seq = len(entries) + 1
        message = Message(
            conversation=log, seq=seq, ordinal=seq, sender=actor, sender_uid=actor, text=text or f"m{seq}", sent_at=0
        )
        event = MessageCreated(conversation=log, seq=seq, at=0, actor=actor, actor_uid=actor, message=message)
        return self._append(log, event)

    def add_direct(self, uid: str, conversation: str) -> LogEntry:
        """The event in a user's own log that a direct is theirs."""
        key = f"@me:{uid}"
        state = ConversationState(conversation=conversation, kind="direct", title="b", head=0, member_count=2)
        seq = len(self.entries.get(key, [])) + 1
        return self._append(
            key, ConversationAdded(conversation="@me", seq=seq, at=0, actor="ua", actor_uid="ua", state=state)
        )

    def leave(self, uid: str, room: str) -> list[LogEntry]:
        """The events of somebody's removal from a room, in the order of their commit."""
        own, key = f"@me:{uid}", room
        common = {"at": 0, "actor": "ua", "actor_uid": "ua"}
        seq = len(self.entries.get(own, [])) + 1
        removed = self._append(own, ConversationRemoved(conversation="@me", seq=seq, removed=room, **common))
        seq = len(self.entries.get(key, [])) + 1
        left = self._append(key, MemberLeft(conversation=room, seq=seq, user=User(uid=uid, user_id=uid), **common))
        return [removed, left]

    def _append(self, log: str, event: Event) -> LogEntry:
        entry = LogEntry(log, event)
        self.entries.setdefault(log, []).append(entry)
        return entry


class RecordingWire:
    """Remembers what was written. `congested` is the test's to set; `drain` lets it flow again."""

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
        """The `seq`s of this conversation's messages, in the order they came."""
        return [
            frame["seq"]
            for frame in self.frames
            if frame["type"] in ("message", "message.created") and frame["conversation"] == conversation
        ]

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


def hub_over(log: Log) -> Hub:
    return Hub(cast(Store, log))


def connect(
    hub: Hub, uid: str, dialect: Dialect = Dialect.V1, *, live: bool = True
) -> tuple[Connection, RecordingWire]:
    """A connection in the lobby and its own log: live at the head, or not attached to anything yet."""
    wire = RecordingWire()
    connection = Connection(wire, dialect, Actor(uid=uid, user_id=uid), "en")
    hub.add(connection)
    if live:
        connection.live = True
        hub.attach(connection, "lobby", hub.rooms["lobby"].head or 0)
        hub.attach(connection, f"@me:{uid}", 0, known_head=0)
    return connection, wire


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(30):
        await asyncio.sleep(0)
