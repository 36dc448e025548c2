"""Bytes that go to a socket past the event loop: all of them and no others, and no descriptor is used after it was closed."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from suhbat.files import direct
from suhbat.files.direct import DirectSender
from tests.servers import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the bytes go through the event loop")

CONTENT = random.Random(1).randbytes(3_000_000)


class Connection:
    """Implements `DirectConnection` over one end of a pair of sockets."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.counted = 0
        self.unsent_turns = 0

    def socket(self) -> int | None:
        if self.unsent_turns:
            self.unsent_turns -= 1
            return None
        return self.near.fileno()

    def sent(self, count: int) -> None:
        self.counted += count

    def abort(self) -> None: ...


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection()
    yield made
    made.near.close()
    made.far.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "file").write_bytes(CONTENT)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def sender() -> Iterator[DirectSender]:
    made = DirectSender()
    yield made
    made.close()


async def read(far: socket.socket, length: int) -> bytes:
    def all_of_it() -> bytes:
        found = b""
        while len(found) < length and (data := far.recv(100_000)):
            found += data
        return found

    return await asyncio.to_thread(all_of_it)


async def test_a_part(sender: DirectSender, connection: Connection, file: int) -> None:
    """Exactly the part arrives, though the socket takes less than a slice at once, and it is counted. It begins when the
    transport has nothing unsent any more."""
    connection.unsent_turns = direct.LEAVING_TURNS - 1
    start, length = 7, 2_500_000
    reading = asyncio.ensure_future(read(connection.far, length))
    assert await sender.send(connection, file, start, length) == length
    assert await reading == CONTENT[start : start + length]
    assert connection.counted == length


async def test_unsent_bytes(sender: DirectSender, connection: Connection, file: int) -> None:
    """A transport that keeps unsent bytes is not overtaken: nothing is sent, and the caller sends it as usual."""
    connection.unsent_turns = 1_000
    assert await sender.send(connection, file, 0, 100) == 0
    assert connection.counted == 0


async def test_gone(sender: DirectSender, connection: Connection, file: int) -> None:
    """A client that leaves in the middle ends the sending."""
    sending = asyncio.ensure_future(sender.send(connection, file, 0, len(CONTENT)))
    await read(connection.far, 1_000)
    connection.far.close()
    with pytest.raises(ConnectionError):
        await sending


async def test_stalled(
    sender: DirectSender, connection: Connection, file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that takes nothing for a while is given up, and holds up no other download meanwhile."""
    monkeypatch.setattr(direct, "STALLED_SECONDS", 0.3)
    other = Connection()
    stalled = asyncio.ensure_future(sender.send(connection, file, 0, len(CONTENT)))
    reading = asyncio.ensure_future(read(other.far, 2_000_000))
    assert await sender.send(other, file, 0, 2_000_000) == 2_000_000
    assert await reading == CONTENT[:2_000_000]
    other.near.close()
    other.far.close()
    with pytest.raises(TimeoutError):
        await stalled


async def test_shorter_than_announced(sender: DirectSender, connection: Connection, file: int) -> None:
    """A file that ends too early is an error, and not an endless loop."""
    reading = asyncio.ensure_future(read(connection.far, len(CONTENT)))
    with pytest.raises(OSError, match="shorter"):
        await sender.send(connection, file, 0, len(CONTENT) + 1)
    await reading


async def test_cancelled(
    sender: DirectSender, connection: Connection, file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that is cancelled while the thread is at work ends when the thread has ended with its descriptors: their
    numbers soon belong to others."""
    entered, leave = threading.Event(), threading.Event()
    ended = False

    def move(*_: int) -> int:
        nonlocal ended
        entered.set()
        leave.wait(PATIENCE)
        ended = True
        return 0

    monkeypatch.setattr(direct, "_move", move)
    sending = asyncio.ensure_future(sender.send(connection, file, 0, 100))
    await asyncio.to_thread(entered.wait, PATIENCE)
    sending.cancel()
    await asyncio.sleep(0.05)
    assert not sending.done()
    leave.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert ended
