"""Two small clients for tests over real sockets, one for each dialect."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from .servers import PATIENCE

Frame = dict[str, Any]


class Client:
    """A socket and the frames it received."""

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options: dict[str, Any] = {
            "compression": None,
            "max_size": None,
            "proxy": None,
            "open_timeout": PATIENCE,
            # No limit: otherwise leaving with unread frames would wait ten seconds for the answer to its close.
            "max_queue": None,
        } | options
        self.socket: ClientConnection

    async def __aenter__(self) -> Self:
        self.socket = await connect(self._url, **self._options)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def say(self, frame: Frame | str | bytes) -> None:
        await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def hear(self) -> Frame:
        """The next frame."""
        async with asyncio.timeout(PATIENCE):
            frame: Frame = json.loads(await self.socket.recv())
            return frame

    async def until(self, type: str, **fields: Any) -> Frame:
        """Skip to the next frame with this type and these fields."""
        while True:
            frame = await self.hear()
            if frame["type"] == type and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def closed(self) -> int:
        """The close code of the server. Frames before it are skipped."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.socket.recv()
        except ConnectionClosed:
            assert self.socket.close_code is not None
            return self.socket.close_code

    async def silent(self, seconds: float = 0.3) -> list[Frame]:
        """The frames that arrive within this time, for asserting that something does not."""
        frames: list[Frame] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    frames.append(json.loads(await self.socket.recv()))
        except TimeoutError:
            return frames


class Simple(Client):
    """A client of the simple dialect: `async with Simple(server.ws, "user1") as user1`. Its own `joined` has been read
    already."""

    def __init__(self, ws: str, name: str, **options: Any) -> None:
        super().__init__(f"{ws}/ws/{name}", **options)
        self.name = name

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.joined = await self.until("joined", user_id=self.name)
        return self

    async def write(self, message: str, to_user: str = "") -> None:
        await self.say({"message": message, "to_user": to_user})


class V1(Client):
    """A client of the v1 dialect. Entering sends hello; `opening` holds the frames up to `caught_up`."""

    def __init__(
        self, ws: str, token: str | None, resume: Frame | None = None, *, query: str = "", **options: Any
    ) -> None:
        super().__init__(f"{ws}/api/v1/ws{query}", **options)
        self._hello: Frame = {"type": "hello", "id": "hello"}
        self.token = token
        if token is not None:
            self._hello["token"] = token
        if resume is not None:
            self._hello["resume"] = resume
        self._ids = itertools.count(1)
        self.opening: list[Frame] = []

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.say(self._hello)
        while not self.opening or self.opening[-1]["type"] != "caught_up":
            self.opening.append(await self.hear())
        self.welcome = self.opening[0]
        return self

    @property
    def snapshot(self) -> Frame:
        return next(frame for frame in self.opening if frame["type"] == "snapshot")

    async def ask(self, type: str, **fields: Any) -> Frame:
        """Send a command and skip to its reply."""
        id = next(self._ids)
        await self.say({"type": type, "id": id, **fields})
        while True:
            frame = await self.hear()
            if frame.get("id") == id:
                return frame
