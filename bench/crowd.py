"""Clients of v1 that cost next to nothing: a pair that chats, and in processes of their own readers that count bytes and bots
whose messages grow. They parse no frame that they need not, so that what is measured is the server."""

from __future__ import annotations

import os
import random
import re
import select
import socket
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from typing import Any

PATIENCE = 60.0
PONG = bytes([0x8A, 0x80, 0, 0, 0, 0])
"""An empty, masked pong that nobody asked for: the server hears that the connection lives."""
PONG_SECONDS = 5.0
GATHERED = 0.02
"""Seconds between two reads of a reader, so that the readers do not wake up for each write to each of them."""
TOKEN = "osh "
_BEGUN = re.compile(rb'"type":"ok","id":2,[^}]*"seq":(\d+)')
_FORK = get_context("fork")
_BEGINS, _APPENDS, _REFUSED = range(3)


def masked(text: str) -> bytes:
    """A text frame of a client with a mask of zeros. RFC 6455 requires a mask, and this one costs nothing."""
    payload = text.encode()
    length = len(payload)
    head = bytes([0x81, 0x80 | length]) if length < 126 else bytes([0x81, 0xFE]) + length.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


def entered(port: int, token: str) -> socket.socket:
    """A connection that has caught up, in blocking mode."""
    opened = socket.create_connection(("127.0.0.1", port), PATIENCE)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.sendall(
        b"GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    opened.recv(65_536)
    opened.sendall(masked(f'{{"type":"hello","id":1,"token":"{token}"}}'))
    received = b""
    while b'"caught_up"' not in received:
        data = opened.recv(65_536)
        if not data:
            raise ConnectionError(f"the server has closed: {received[-200:]!r}")
        received += data
    opened.settimeout(None)
    return opened


def drained(connection: socket.socket, buffer: bytearray) -> bytes:
    """What has arrived there, without waiting."""
    found = b""
    while True:
        try:
            size = connection.recv_into(buffer, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return found
        if not size:
            raise ConnectionError("the server has closed a connection")
        found += buffer[:size]


class _Process:
    """A process on one core that ends with its parent. `nice`: how far it gives way to others on that core."""

    def __init__(self, run: Callable[[], None], core: int | None, nice: int) -> None:
        def start() -> None:
            if core is not None:
                os.sched_setaffinity(0, {core})
            os.nice(nice)
            run()

        self._process = _FORK.Process(target=start, daemon=True)
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def close(self) -> None:
        self._process.kill()
        self._process.join()


class Readers:
    """People who only read. `bytes`: what all of them got."""

    def __init__(self, port: int, tokens: Sequence[str], core: int | None) -> None:
        self._port, self._tokens = port, tokens
        self._bytes, self._ready = _FORK.Value("Q", 0), _FORK.Event()
        self.process = _Process(self._run, core, 19)
        while not self._ready.wait(0.1):
            assert self.process.is_alive, "the readers were refused"

    @property
    def bytes(self) -> int:
        return int(self._bytes.value)

    def _run(self) -> None:
        poll, buffer = select.epoll(), bytearray(262_144)
        connections = {one.fileno(): one for one in (entered(self._port, token) for token in self._tokens)}
        for number in connections:
            poll.register(number, select.EPOLLIN)
        self._ready.set()
        total, pong_at = 0, time.monotonic()
        while True:
            for number, _ in poll.poll(1.0, len(connections)):
                size = connections[number].recv_into(buffer, 0, socket.MSG_DONTWAIT)
                if not size:
                    raise ConnectionError("the server has closed a reader")
                total += size
            self._bytes.value = total
            if time.monotonic() >= pong_at:
                pong_at += PONG_SECONDS
                for one in connections.values():
                    one.send(PONG)
            time.sleep(GATHERED)


class Bots:
    """Bots whose messages grow between `start` and `stop`, each by so many tokens a second. A message ends after `most` tokens,
    and the next one begins; the first ones end earlier, so that beginnings and ends are spread."""

    def __init__(self, port: int, tokens: Sequence[str], core: int | None, rate: float, most: int) -> None:
        self._port, self._tokens, self._rate, self._most = port, tokens, rate, most
        self._counts: Any = _FORK.Array("Q", 3)
        self._ready = _FORK.Event()
        self._run_now, self._idle = _FORK.Event(), _FORK.Event()
        self.process = _Process(self._run, core, 10)
        while not self._ready.wait(0.1):
            assert self.process.is_alive, "the bots were refused"

    @property
    def begun(self) -> int:
        return int(self._counts[_BEGINS])

    @property
    def appended(self) -> int:
        return int(self._counts[_APPENDS])

    @property
    def refused(self) -> int:
        return int(self._counts[_REFUSED])

    def start(self) -> None:
        self._idle.clear()
        self._run_now.set()

    def stop(self) -> None:
        """Return when all messages are finished."""
        self._run_now.clear()
        assert self._idle.wait(PATIENCE), "the bots have not finished"

    def _run(self) -> None:
        bots = [_Bot(entered(self._port, token), self._counts) for token in self._tokens]
        self._ready.set()
        pause = 1 / self._rate / max(len(bots), 1)
        while True:
            while not self._run_now.wait(PONG_SECONDS):
                for bot in bots:
                    bot.stay()
            for number, bot in enumerate(bots):
                bot.left = self._most * (number + 1) // len(bots)
            due = time.monotonic()
            while self._run_now.is_set():
                for bot in bots:
                    bot.step(self._most)
                    due += pause
                    time.sleep(max(0.0, due - time.monotonic()))
            for bot in bots:
                bot.end()
            self._idle.set()


class _Bot:
    """One bot. `left`: how many tokens its message still gets."""

    def __init__(self, connection: socket.socket, counts: Any) -> None:
        self.left = 0
        self._connection = connection
        self._counts = counts
        self._buffer = bytearray(262_144)
        self._seq: int | None = None
        self._asked = False
        self._length = 0
        self._rest = b""

    def step(self, most: int) -> None:
        """Read what came, and do what is next: begin, add a token, or finish."""
        self._read()
        if self._seq is not None and self.left:
            self._append()
        elif self._seq is not None:
            self._finish()
            self.left = most
        elif not self._asked:
            self._asked, self._length = True, 0
            self._say('{"type":"send","id":2,"conversation":"lobby","text":"","streaming":true}')

    def stay(self) -> None:
        self._connection.sendall(PONG)

    def end(self) -> None:
        while self._asked and self._seq is None:
            self._read()
            time.sleep(0.001)
        if self._seq is not None:
            if not self._length:  # A message without a text cannot be finished.
                self._append()
            self._finish()
        finished = time.monotonic() + PATIENCE
        while b'"id":4' not in self._read() and time.monotonic() < finished and self._length:
            time.sleep(0.001)
        self._length = 0

    @property
    def _place(self) -> str:
        return f'"conversation":"lobby","seq":{self._seq}'

    def _append(self) -> None:
        self._say(f'{{"type":"append","id":3,{self._place},"offset":{self._length},"text":"{TOKEN}"}}')
        self._length += len(TOKEN)
        self.left -= 1
        self._counts[_APPENDS] += 1

    def _finish(self) -> None:
        self._say(f'{{"type":"finish","id":4,{self._place}}}')
        self._seq, self._asked = None, False

    def _say(self, text: str) -> None:
        self._connection.sendall(masked(text))

    def _read(self) -> bytes:
        data = self._rest + drained(self._connection, self._buffer)
        self._counts[_REFUSED] += data.count(b'"type":"error"')
        if self._asked and self._seq is None:
            if found := _BEGUN.search(data):
                self._seq = int(found[1])
                self._counts[_BEGINS] += 1
                self._rest = b""
            else:
                self._rest = data[-300:]
        return data


class Pair:
    """Two people who chat in this process. `conversation`: where."""

    def __init__(self, port: int, tokens: tuple[str, str]) -> None:
        self._writer, self._reader = (entered(port, token) for token in tokens)
        self._buffer = bytearray(262_144)
        self._random = random.Random(1)
        self._number = 0

    def stay(self) -> None:
        """Call this every few seconds."""
        for connection in (self._writer, self._reader):
            connection.sendall(PONG)

    def window(self, conversation: str, seconds: float) -> list[float]:
        """How long each message took from one to the other, in milliseconds. The pauses vary, so that the messages do not keep
        step with anything."""
        took: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._number += 1
            text = f"salom {self._number:08d}"
            for connection in (self._writer, self._reader):
                drained(connection, self._buffer)
            frame = masked(f'{{"type":"send","id":2,"conversation":"{conversation}","text":"{text}"}}')
            began = time.perf_counter()
            self._writer.sendall(frame)
            self._await(text.encode())
            took.append((time.perf_counter() - began) * 1e3)
            time.sleep(self._random.uniform(0.01, 0.03))
        return took

    def _await(self, text: bytes) -> None:
        rest = b""
        while True:
            size = self._reader.recv_into(self._buffer)
            if not size:
                raise ConnectionError("the server has closed")
            data = rest + self._buffer[:size]
            if text in data:
                return
            rest = data[-len(text) :]
