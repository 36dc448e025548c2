"""Sends parts of files past the event loop: the kernel copies them to the socket (sendfile), in a thread of low priority and a
slice at a time, so that many downloads delay nobody who chats (bench/files.py). Where the system or the server cannot do that,
the bytes go through the event loop as in any response (`http.downloads`)."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Protocol

from .threads import FileThreads

DIRECT = "suhbat.direct"
"""The key in an ASGI scope under which a server offers a `DirectConnection`."""
SLICE = 1024 * 1024
"""Bytes of one turn in the thread. Then it is another download's turn."""
AT_ONCE = 1
"""More threads move no more bytes on the core of the event loop, and take it more often."""
STALLED_SECONDS = 30.0
"""A client that takes nothing for so long is disconnected."""
LEAVING_TURNS = 3


class DirectConnection(Protocol):
    """The connection of a request, for bytes that bypass its transport."""

    def socket(self) -> int | None:
        """The descriptor of the socket, if the next byte on the wire may be written there: not under TLS, and not while the
        transport has unsent bytes."""
        ...

    def sent(self, count: int) -> None:
        """So many bytes of the response were sent."""
        ...

    def abort(self) -> None:
        """Disconnect the client."""
        ...


class DirectSender:
    """Sends files to sockets. One for all downloads, because what it limits is their sum. `initializer`: runs first in its
    thread, to lower its priority."""

    def __init__(self, initializer: Callable[[], None] | None = None) -> None:
        self._threads = FileThreads(AT_ONCE, initializer)

    def close(self) -> None:
        self._threads.close()

    async def send(self, connection: DirectConnection, file: int, start: int, length: int) -> int:
        """Send `length` bytes of an open file (a descriptor) from `start` on; returns how many were sent, which is 0 where this
        is impossible. Raises ConnectionError or TimeoutError if the client is gone or takes nothing any more, other OSErrors if
        the file cannot be read."""
        theirs = await _ready_socket(connection)
        if theirs is None:
            return 0
        socket = os.dup(theirs)  # the transport may close its own at any time
        try:
            end = start + length
            while start < end:
                moved = await self._move(socket, file, start, min(end - start, SLICE))
                connection.sent(moved)
                start += moved
                if not moved:
                    await _writable(socket)
        finally:
            os.close(socket)
        return length

    async def _move(self, socket: int, file: int, start: int, length: int) -> int:
        moving = asyncio.ensure_future(self._threads.run(_move, socket, file, start, length))
        try:
            return await asyncio.shield(moving)
        except asyncio.CancelledError:
            # The descriptors are closed next, and their numbers given to others. The thread must not use them any more.
            # How it ends matters to nobody any more.
            await asyncio.gather(moving, return_exceptions=True)
            raise


async def _ready_socket(connection: DirectConnection) -> int | None:
    """The socket, when the head of the response has left it: that takes a turn of the loop."""
    if sys.platform != "linux":
        return None
    for _ in range(LEAVING_TURNS):
        if (socket := connection.socket()) is not None:
            return socket
        await asyncio.sleep(0)
    return None


def _move(socket: int, file: int, start: int, length: int) -> int:
    """Send as much as the socket takes now."""
    moved = 0
    while moved < length:
        try:
            count = os.sendfile(socket, file, start + moved, length - moved)
        except BlockingIOError:
            break
        if not count:
            raise OSError("the bytes of a file are shorter than its record says")
        moved += count
    return moved


async def _writable(socket: int) -> None:
    """Wait until the socket takes bytes, or its peer is gone. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    writable = asyncio.Event()
    loop.add_writer(socket, writable.set)
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            await writable.wait()
    finally:
        loop.remove_writer(socket)
