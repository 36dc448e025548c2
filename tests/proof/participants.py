"""v1 clients that survive the deaths of a server: they follow the rules of docs/reference/v1.md, and record everything."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from suhbat.client import Suhbat

Frame = dict[str, Any]

BURST = 12
"""The most messages that a writer sends without waiting for a reply."""
PAUSE_SECONDS = 0.03


class Place(NamedTuple):
    """The place of an acknowledged message."""

    conversation: str
    seq: int
    ordinal: int


class Participant:
    """Reads, resumes with its cursors, applies cursor + 1, and drops lower events. A gap or a reset is a fault: in
    these tests nobody is ever 1,000 events behind, so the server must replay."""

    def __init__(self, name: str, ws: str, token: str) -> None:
        self.name = name
        self.uid = ""
        self.epochs: set[str] = set()
        self.cursors: dict[str, int] = {}
        self.start: dict[str, int] = {}
        self.applied: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        """By conversation, in order: the seq and client_id of every event."""
        self.dropped = 0
        self.connections = 0
        self._url = f"{ws}/api/v1/ws"
        self._token = token
        self._early: dict[str, list[Frame]] = defaultdict(list)

    @property
    def url(self) -> str:
        """The address of the next connection."""
        return self._url

    async def live(self, up: asyncio.Event) -> None:
        """Run for ever, reconnecting whenever `up` is set. Raises AssertionError at a fault."""
        while True:
            await up.wait()
            try:
                async with connect(
                    self.url, compression=None, proxy=None, ping_interval=None, max_size=None, close_timeout=1
                ) as socket:
                    await self._talk(socket)
            except (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                await asyncio.sleep(0.02)

    async def _talk(self, socket: ClientConnection) -> None:
        hello: Frame = {"type": "hello", "id": "hello", "token": self._token}
        if self.cursors:
            (epoch,) = self.epochs
            hello["resume"] = {"epoch": epoch, "cursors": self.cursors}
        await socket.send(json.dumps(hello))
        while True:
            frame: Frame = json.loads(await socket.recv())
            if frame["type"] == "caught_up":
                break
            self._take(frame)
        self.connections += 1
        writing = asyncio.create_task(self.write(socket))
        try:
            while True:
                self._take(json.loads(await socket.recv()))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def write(self, socket: ClientConnection) -> None:
        """What this participant sends once it is caught up."""

    def answered(self, frame: Frame) -> None:
        """An `ok` came."""
        raise AssertionError(f"{self.name}: asked nothing and was answered {frame}")

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "welcome":
                self.uid = frame["user"]["uid"]
                self.epochs.add(frame["epoch"])
                assert len(self.epochs) == 1, f"{self.name}: a kill -9 changed the epoch"
                assert frame["resumed"] is bool(self.cursors), f"{self.name}: not resumed from {self.cursors}"
            case "snapshot":
                self.cursors = dict(frame["cursors"])
                self.start = dict(frame["cursors"])
            case "ok":
                self.answered(frame)
            case "presence" | "typing" | "receipt":
                pass
            case "error" | "reset":
                raise AssertionError(f"{self.name}: {frame}")
            case _:
                self._event(frame)

    def _event(self, frame: Frame) -> None:
        assert "seq" in frame, f"{self.name}: {frame}"
        log, seq = frame["conversation"], frame["seq"]
        if log not in self.cursors:
            self._early[log].append(frame)  # its first events came before the event that added it
            return
        cursor = self.cursors[log]
        if seq <= cursor:
            self.dropped += 1
            return
        assert seq == cursor + 1, f"{self.name}: {log} went from {cursor} to {seq}"
        self.cursors[log] = seq
        self.applied[log].append((seq, frame.get("message", {}).get("client_id")))
        if frame["type"] == "conversation.added":
            state = frame["state"]
            self.start[state["conversation"]] = self.cursors[state["conversation"]] = state["head"]
            for early in self._early.pop(state["conversation"], []):
                self._event(early)


class Writer(Participant):
    """Sends bursts to the lobby and to a direct with `peer`, and repeats messages of unknown outcome with the same
    client_id."""

    def __init__(self, name: str, ws: str, token: str, peer: str, seed: int) -> None:
        super().__init__(name, ws, token)
        self.peer = peer
        self.undecided: dict[str, Frame] = {}
        self.acknowledged: dict[str, Place] = {}
        self.duplicates = 0
        self.stopping = False
        self._pause = PAUSE_SECONDS
        self._random = random.Random(seed)
        self._count = 0
        self._idle = asyncio.Event()
        self._above: dict[str, dict[str, int]] = {}
        self._last: dict[str, int] = {}

    async def write(self, socket: ClientConnection) -> None:
        for command in list(self.undecided.values()):
            await socket.send(json.dumps(command))
        if not self.undecided:
            self._idle.set()
        while True:
            await self._idle.wait()
            await asyncio.sleep(self._random.random() * self._pause)
            if self.stopping:
                return
            self._idle.clear()
            burst = [self._compose() for _ in range(self._random.randint(1, BURST))]
            for command in burst:
                await socket.send(json.dumps(command))

    def answered(self, frame: Frame) -> None:
        key, place = frame["id"], Place(frame["conversation"], frame["seq"], frame["ordinal"])
        assert self.acknowledged.setdefault(key, place) == place, f"{key} was acknowledged at two places"
        self.duplicates += frame["duplicate"]
        floor = self._above.pop(key, {}).get(place.conversation, 0)
        assert place.seq > floor, f"{key} was sent after {floor} was acknowledged, and got {place.seq}"
        self._last[place.conversation] = max(place.seq, self._last.get(place.conversation, 0))
        self.undecided.pop(key, None)
        if not self.undecided:
            self._idle.set()

    def _compose(self) -> Frame:
        self._count += 1
        key = f"{self.name}-{self._count}"
        where = {"to_user": self.peer} if self._random.random() < 0.3 else {"conversation": "lobby"}
        # Most are short; some need several pages of the database.
        text = f"{key} " + "x" * self._random.choice((5, 50, 200, 3_900))
        command = {"type": "send", "id": key, "client_id": key, "text": text, **where}
        self.undecided[key] = command
        self._above[key] = dict(self._last)
        return command


class SdkParticipant:
    """The Python SDK under the same kills: each send is awaited until it is durable, and each event comes once and in
    order."""

    def __init__(self, name: str, url: str, token: str) -> None:
        self.name = name
        self.acknowledged: dict[str, Place] = {}
        self.applied: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        self.stopping = False
        self.done = asyncio.Event()
        self.chat = Suhbat(url, token=token, uniform=lambda low, high: 0.1)

    async def live(self) -> None:
        async with self.chat, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            tasks.create_task(self._write())

    async def _read(self) -> None:
        last: dict[str, int] = {}
        async for event in self.chat.events():
            seq, log = getattr(event, "seq", None), getattr(event, "conversation", None)
            if seq is None or log is None:
                assert event.type in ("presence", "typing", "receipt"), f"{self.name}: {event}"
                continue
            assert last.setdefault(log, seq - 1) == seq - 1, f"{self.name}: {log} went from {last[log]} to {seq}"
            last[log] = seq
            message = getattr(event, "message", None)
            self.applied[log].append((seq, message and message.client_id))

    async def _write(self) -> None:
        count = 0
        while not self.stopping:
            async with asyncio.TaskGroup() as burst:
                for _ in range(4):
                    count += 1
                    burst.create_task(self._send(f"{self.name}-{count}"))
            await asyncio.sleep(PAUSE_SECONDS)
        self.done.set()

    async def _send(self, key: str) -> None:
        sent = await self.chat.send("lobby", f"{key} from the SDK", client_id=key)
        self.acknowledged[key] = Place(sent.conversation, sent.seq, sent.ordinal)
