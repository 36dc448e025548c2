"""A busy lobby: readers of both dialects that record when each message arrived, writers at a steady rate, and readers that
stop reading.

It is light, so that the server is the busy part; `bench/slow_reader.py` uses it too.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import re
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

from tests.servers import PATIENCE

from .raw import CLOSE, PING, PONG, TEXT, deafen, framed

_MESSAGE = re.compile(rb'\{.{0,40}"conversation":"lobby","seq":(\d+),.*?"(?:text|message)":"t=(\d+);')
_HEADER_END = b"\r\n\r\n"


class Member(asyncio.Protocol):
    """A connection to the lobby. Every message must follow the one before; a gap or a repeat is recorded in `fault`.
    `heard` gets each message's age in seconds. Without a token the dialect is the simple one."""

    def __init__(self, name: str, token: str | None, heard: Callable[[float], None]) -> None:
        self.name = name
        self.token = token
        self.last: int | None = None
        self.messages = 0
        self.answers = 0
        self.others: list[dict[str, Any]] = []
        """What came that is neither a lobby message nor an answer: announcements, errors."""
        self.fault = ""
        self.gone = False
        self.transport: asyncio.Transport
        self._heard = heard
        self._upgraded = False
        self._buffer = b""
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._paused = False

    async def enter(self, port: int, *, deaf: bool = False) -> Self:
        """Connect. `deaf`: see `raw.Raw`; the server then notices a pause soon."""
        unconnected = socket.socket()
        if deaf:
            deafen(unconnected)
        unconnected.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(unconnected, ("127.0.0.1", port))
        self.transport, _ = await loop.create_connection(lambda: self, sock=unconnected)
        path = f"/ws/{self.name}" if self.token is None else "/api/v1/ws"
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        async with asyncio.timeout(PATIENCE):
            await self._ready
        return self

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self) -> None:
        """Stop reading and answering pings, like a laptop with its lid closed."""
        self._paused = True
        self.transport.pause_reading()

    def resume(self) -> None:
        self._paused = False
        self.transport.resume_reading()

    def say(self, frame: dict[str, Any]) -> None:
        self.transport.write(framed(TEXT, json.dumps(frame).encode()))

    def write(self, size: int) -> None:
        """Send a message of `size` characters that contains the time."""
        text = f"t={time.monotonic_ns()};".ljust(size, "x")
        self.say(
            {"message": text}
            if self.token is None
            else {"type": "send", "id": 1, "conversation": "lobby", "text": text}
        )

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        start = 0
        if not self._upgraded:
            end = buffer.find(_HEADER_END)
            if end < 0:
                return
            self._upgraded = True
            start = end + len(_HEADER_END)
            if self.token is None:
                self._ready.set_result(None)
            else:
                self.say({"type": "hello", "id": 0, "token": self.token})
        total = len(buffer)
        while start + 2 <= total:
            length, body = buffer[start + 1], start + 2
            if length == 126:
                length, body = int.from_bytes(buffer[start + 2 : start + 4], "big"), start + 4
            elif length == 127:
                length, body = int.from_bytes(buffer[start + 2 : start + 10], "big"), start + 10
            if total < body + length:
                break
            self._frame(buffer[start] & 0x0F, buffer[body : body + length])
            start = body + length
        self._buffer = buffer[start:]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.transport.write(framed(PONG, payload))
        elif opcode == CLOSE:
            self.gone = True
        elif opcode == TEXT:
            if message := _MESSAGE.match(payload):
                self._heard((time.monotonic_ns() - int(message[2])) / 1e9)
                self._message(int(message[1]))
            else:
                self._other(json.loads(payload))

    def _message(self, seq: int) -> None:
        if self.last is not None and seq != self.last + 1:
            self.fault = self.fault or f"{self.name} went from {self.last} to {seq}"
        self.last = seq
        self.messages += 1

    def _other(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "ok":
            self.answers += 1
            return
        if frame["type"] == "snapshot":
            self.last = frame["cursors"]["lobby"]
        elif frame["type"] == "caught_up" and not self._ready.done():
            self._ready.set_result(None)
        elif frame["type"] not in ("welcome", "presence", "caught_up"):
            self.others.append(frame)

    def connection_lost(self, error: Exception | None) -> None:
        self.gone = True
        if not self._ready.done():
            self._ready.set_exception(error or ConnectionResetError())


class Room:
    """`async with Room(port, …) as room`: half of the members speak each dialect; those in `stopping` can be paused."""

    def __init__(self, port: int, *, readers: int, writers: int = 2, stopping: int = 2, size: int = 1_000) -> None:
        self.port = port
        self.size = size
        self.ages: list[float] = []
        self.readers: list[Member] = []
        self.writers: list[Member] = []
        self.stopping: list[Member] = []
        self.written = 0
        self._counts = (readers, writers, stopping)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        readers, writers, stopping = self._counts
        for number in range(readers):
            self.readers.append(await self.add(f"reader{number}", v1=bool(number % 2), heard=self.ages.append))
        for number in range(writers):
            self.writers.append(await self.add(f"writer{number}", v1=True))
        for number in range(stopping):
            self.stopping.append(await self.add(f"stopping{number}", v1=bool(number % 2), deaf=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for member in self.members:
            member.transport.abort()
        await asyncio.sleep(0)

    @property
    def members(self) -> list[Member]:
        return [*self.readers, *self.writers, *self.stopping]

    async def add(
        self, name: str, *, v1: bool, deaf: bool = False, heard: Callable[[float], None] = lambda age: None
    ) -> Member:
        """Add a member. The caller must close it."""
        token = await asyncio.to_thread(self._guest, name) if v1 else None
        return await Member(name, token, heard).enter(self.port, deaf=deaf)

    def write_steadily(self, rate: float) -> None:
        """From now on send this many messages a second, over all writers."""
        self._spawn(self._write_steadily(rate))

    async def _write_steadily(self, rate: float) -> None:
        began, count = time.monotonic(), 0
        while True:
            while count < (time.monotonic() - began) * rate:
                self.writers[count % len(self.writers)].write(self.size)
                count += 1
                self.written += 1
            await asyncio.sleep(0.5 / rate)

    async def flood(self, count: int, in_flight: int = 64) -> None:
        """Send this many messages as fast as they are acknowledged."""
        writer = self.writers[0]
        target, sent = writer.answers + count, writer.answers
        while writer.answers < target:
            while sent < min(target, writer.answers + in_flight):
                writer.write(self.size)
                sent += 1
            assert not writer.gone, writer.others
            await asyncio.sleep(0.001)
        self.written += count

    async def listen(self, seconds: float) -> list[float]:
        """The ages of all messages that the readers receive in this time, sorted."""
        self.ages.clear()
        await asyncio.sleep(seconds)
        return sorted(self.ages)

    async def everybody_has_all(self, patience: float = PATIENCE) -> None:
        """Wait until every member has as many messages as the furthest one. Raises AssertionError for a member that
        does not get there."""
        head = max(member.last or 0 for member in self.members)
        limit = time.monotonic() + patience
        while late := [one for one in self.members if (one.last or 0) < head]:
            assert not any(one.gone for one in late), f"gone: {[one.name for one in late if one.gone]}"
            assert time.monotonic() < limit, f"at {head} not yet: {[(one.name, one.last) for one in late]}"
            await asyncio.sleep(0.01)
        assert not self.faults(), self.faults()

    def faults(self) -> list[str]:
        return [member.fault for member in self.members if member.fault]

    async def figure(self, name: str) -> float:
        """The value of a metric of /metrics."""
        text = await asyncio.to_thread(self._request, "GET", "/metrics")
        return float(next(line.split()[1] for line in text.splitlines() if line.split()[0] == name))

    async def behind(self, count: int, patience: float = PATIENCE) -> None:
        """Wait until the server has noticed that this many connections do not read."""
        limit = time.monotonic() + patience
        while await self.figure("suhbat_connections_behind") < count:
            assert time.monotonic() < limit, "the server has not noticed that they stopped reading"
            await asyncio.sleep(0.1)

    def _guest(self, name: str) -> str:
        token: str = json.loads(self._request("POST", "/api/v1/guests", json.dumps({"user_id": name})))["token"]
        return token

    def _request(self, method: str, path: str, body: str | None = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)


def percentile(sorted_values: list[float], share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]
