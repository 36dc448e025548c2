"""A small server on loopback that a test controls frame by frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from suhbat.client import Suhbat
from suhbat.client.connection import TICK_SECONDS
from suhbat.protocol.replies import CaughtUp, Sent, encode
from suhbat.protocol.types import Schema
from tests.servers import PATIENCE

from .parts import snapshot, welcome


class Time:
    """A clock that advances when code sleeps. `slept` lists the sleeps, except for ticks, which take no time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.005)
        if seconds != TICK_SECONDS:
            self.slept.append(seconds)
            self.now += seconds


class Peer:
    """One connection, from the server's side."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.done = asyncio.Event()

    async def say(self, *frames: Schema | dict[str, Any]) -> None:
        for frame in frames:
            await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else encode(frame).decode())

    async def hear(self, type: str) -> dict[str, Any]:
        """The next frame, which must be of this type."""
        async with asyncio.timeout(PATIENCE):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        assert frame["type"] == type, frame
        return frame

    async def open(self, **heads: int) -> dict[str, Any]:
        """Play a first opening; gives the `hello`."""
        hello = await self.hear("hello")
        await self.say(welcome(), snapshot(**heads), CaughtUp())
        return hello

    async def resume(self, *missed: Schema) -> dict[str, Any]:
        """Play an opening with cursors; gives the `hello`."""
        hello = await self.hear("hello")
        await self.say(welcome(resumed=True), *missed, CaughtUp())
        return hello

    async def acknowledge(self, send: dict[str, Any], seq: int, **fields: Any) -> None:
        await self.say(Sent(id=send["id"], conversation="lobby", seq=seq, ordinal=seq, sent_at=seq, **fields))

    async def close(self, code: int, reason: str = "") -> None:
        await self.socket.close(code, reason)
        self.done.set()

    def kill(self) -> None:
        """Break the connection without a close."""
        self.socket.transport.abort()
        self.done.set()


class Scripted:
    """The server. `peers`: the connections in their order; `me`: the status that `GET /api/v1/me` answers."""

    def __init__(self) -> None:
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()
        self.me = HTTPStatus.OK
        self.refuse_upgrades: HTTPStatus | None = None
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, process_request=self._request, compression=None, ping_interval=None
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        while not self.peers.empty():
            self.peers.get_nowait().kill()
        self._server.close(code=1001)
        await self._server.wait_closed()

    async def next(self) -> Peer:
        """The next connection."""
        async with asyncio.timeout(PATIENCE):
            return await self.peers.get()

    @asynccontextmanager
    async def chat(self, time: Time | None = None, **options: Any) -> AsyncIterator[tuple[Suhbat, Peer]]:
        """An open chat and the server's end of its connection. Waits are the longest possible and take no time."""
        time = time or Time()
        usual: dict[str, Any] = {
            "token": "t",
            "uniform": lambda _, high: high,
            "clock": time.clock,
            "sleep": time.sleep,
        }
        chat = Suhbat(self.url, **usual | options)
        peer_opened = asyncio.create_task(self._open_next())
        async with asyncio.timeout(PATIENCE), chat:
            yield chat, await peer_opened

    async def _open_next(self) -> Peer:
        peer = await self.next()
        await peer.open()
        return peer

    def _request(self, socket: ServerConnection, request: Request) -> Response | None:
        if request.path.endswith("/api/v1/me"):
            self.asked.append(request.headers["Authorization"])
            return socket.respond(self.me, json.dumps({"code": "forbidden", "detail": "no"}))
        return socket.respond(self.refuse_upgrades, "") if self.refuse_upgrades else None

    async def _serve(self, socket: ServerConnection) -> None:
        peer = Peer(socket)
        self.peers.put_nowait(peer)
        await socket.wait_closed()
