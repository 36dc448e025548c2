"""The network between processes: connections that delay, stall and break, and a bus that delays, drops, doubles and
reorders."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, MutableMapping
from typing import Any

from suhbat.bus import frames
from suhbat.chat.model import Change
from suhbat.chat.ports import BusListener
from suhbat.protocol.logged_events import LoggedEvent

from .loop import PROCESS, Process

HOP_SECONDS = 0.01
"""The longest delay in one direction."""
NOTICED_SECONDS = 0.5
"""Each side notices a broken connection within this time."""
WINDOW = 16
"""Frames under way to a client that does not read, before the server must wait."""

Message = MutableMapping[str, Any]


class Cable:
    """A WebSocket, as ASGI presents it to the server and as a client sees it: in order and delayed, until it breaks."""

    def __init__(self, server: Process, chance: random.Random, heard: Callable[[str | None], None]) -> None:
        self.stalled = False
        """The client does not read."""
        self._server = server
        self._chance = chance
        self._heard = heard
        self._broken = False
        self._last = {"up": 0.0, "down": 0.0}
        self._inbox: deque[Message] = deque([{"type": "websocket.connect"}])
        self._waiter: asyncio.Future[None] | None = None
        self._outbox: deque[str | None] = deque()
        self._room: asyncio.Future[None] | None = None

    # The client's end

    def say(self, text: str) -> None:
        if not self._broken:
            self._later("up", self._arrive, {"type": "websocket.receive", "text": text})

    def cut(self) -> None:
        """Break the connection: frames under way are lost, and each side notices some time later."""
        if not self._broken:
            self._broken = True
            loop = asyncio.get_running_loop()
            loop.call_later(self._chance.random() * NOTICED_SECONDS, self._heard, None)
            loop.call_later(self._chance.random() * NOTICED_SECONDS, self._server.call, self._end)

    def stall(self, stalled: bool) -> None:
        self.stalled = stalled
        if not stalled:
            self._deliver()

    # The server's end (ASGI)

    async def receive(self) -> Message:
        while not self._inbox:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._inbox.popleft()

    async def send(self, message: Message) -> None:
        if PROCESS.get() is None or self._server.dead or self._broken:
            return
        if message["type"] == "websocket.send":
            while len(self._outbox) >= WINDOW and not self._broken:
                self._room = asyncio.get_running_loop().create_future()
                await self._room
            self._outbox.append(message["text"])
            self._later("down", self._deliver)
        elif message["type"] == "websocket.close":
            self._outbox.append(None)
            self._later("down", self._deliver)
            self._end()

    def _later(self, way: str, run: Callable[..., None], *arguments: object) -> None:
        loop = asyncio.get_running_loop()
        self._last[way] = max(loop.time() + self._chance.random() * HOP_SECONDS, self._last[way] + 1e-6)
        if way == "up":
            loop.call_at(self._last[way], self._server.call, run, *arguments)
        else:
            NOBODY.run(loop.call_at, self._last[way], run, *arguments)

    def _arrive(self, message: Message) -> None:
        if not self._broken:
            self._put(message)

    def _end(self) -> None:
        self._put({"type": "websocket.disconnect", "code": 1006})
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _put(self, message: Message) -> None:
        self._inbox.append(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _deliver(self) -> None:
        while self._outbox and not self.stalled and not self._broken:
            text = self._outbox.popleft()
            if text is None:
                self._broken = True
            self._heard(text)
        if self._room is not None and not self._room.done():
            self._server.call(self._room.set_result, None)


class Ether:
    """Connects the buses of the nodes. `drop` and `double` are probabilities."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.drop = 0.0
        self.double = 0.0
        self.buses: list[SimulatedBus] = []
        self.counted: Counter[str] = Counter()

    def leave(self, bus: SimulatedBus) -> None:
        if bus in self.buses:
            self.buses.remove(bus)

    def carry(self, sender: SimulatedBus, data: bytes, log: str | None) -> None:
        for bus in self.buses:
            if bus is sender or sender.cut or bus.cut:
                continue
            if self.chance.random() < self.drop:
                self.counted["dropped on the bus"] += 1
                continue
            copies = 1 + (self.chance.random() < self.double)
            self.counted["doubled on the bus"] += copies - 1
            for _ in range(copies):
                # Each with its own delay, so that they arrive in any order.
                wait = self.chance.random() * self.chance.random() * 8 * HOP_SECONDS
                NOBODY.run(asyncio.get_running_loop().call_later, wait, bus.process.call, bus.hear, data, log)


class SimulatedBus:
    """Implements chat.ports.Bus. Its messages travel in the real encoding."""

    waiting = 0
    dropped = 0

    def __init__(self, ether: Ether, process: Process) -> None:
        self.process = process
        self.cut = False
        self._ether = ether
        self._listener: BusListener | None = None
        self._followed: Counter[str] = Counter()

    @property
    def connected(self) -> bool:
        return not self.cut

    async def open(self, listener: BusListener, group: str) -> None:
        self._listener = listener
        self._ether.buses.append(self)

    async def close(self) -> None:
        self._listener = None

    def follow(self, log: str) -> None:
        self._followed[log] += 1

    def unfollow(self, log: str) -> None:
        self._followed[log] -= 1

    def join(self, cut: bool) -> None:
        """Disconnect it, or connect it again; it may notice that it was disconnected."""
        self.cut = cut
        if not cut and self._ether.chance.random() < 0.5 and self._listener is not None:
            self.process.call(self._listener.resumed)

    def publish(self, entries: list[LoggedEvent]) -> None:
        for bucket, data in frames.events(entries):
            logs = {entry.log for entry in entries if frames.bucket_of(entry.log) == bucket}
            self._say(data, ",".join(logs))

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None:
        self._say(frames.notice(log, payload, but), log)

    def tell(self, changes: list[Change]) -> None:
        self._say(frames.changes(changes), None)

    def nudge(self) -> None: ...

    def _say(self, data: bytes, logs: str | None) -> None:
        if not self.process.dead:
            self._ether.carry(self, data, logs)

    def hear(self, data: bytes, logs: str | None) -> None:
        if self.cut or (logs is not None and not any(self._followed[log] > 0 for log in logs.split(","))):
            return
        listener = self._listener
        if listener is None:
            return
        heard = frames.read(data)
        if heard.entries:
            listener.published(heard.entries)
        if heard.notice is not None:
            listener.noticed(*heard.notice)
        if heard.changes:
            listener.changed(heard.changes)


class _Nobody:
    """Runs callbacks of the network, which belongs to no process and outlives all."""

    def run(self, what: Callable[..., Any], *arguments: object) -> Any:
        token = PROCESS.set(None)
        try:
            return what(*arguments)
        finally:
            PROCESS.reset(token)


NOBODY = _Nobody()
