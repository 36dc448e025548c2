"""A client of event streams and of long polls, for tests over real sockets."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self
from urllib.parse import quote

from .servers import PATIENCE, Server
from .talk import Frame


class EventStream:
    """`async with EventStream(server, token) as stream`. `cursor`: the last `id:`. `closing`: what `event: close` said."""

    def __init__(
        self, server: Server, token: str | None, cursor: str = "", *, query: str = "", port: int = 0, **headers: str
    ) -> None:
        self.cursor = cursor
        self.closing: Frame | None = None
        self.beats = 0
        self.headers: dict[str, str] = {}
        self._port = port or server.port
        self._query = query
        self._sent = {"Host": f"127.0.0.1:{server.port}", **headers}
        if token is not None:
            self._sent["Authorization"] = f"Bearer {token}"
        if cursor:
            self._sent["Last-Event-ID"] = cursor
        self._text = ""

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=16 * 1024 * 1024)
        lines = "".join(f"{name}: {value}\r\n" for name, value in self._sent.items())
        self._writer.write(f"GET /api/v1/events{self._query} HTTP/1.1\r\n{lines}\r\n".encode())
        async with asyncio.timeout(PATIENCE):
            self.status = int((await self._reader.readline()).split()[1])
            while (line := await self._reader.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode().partition(":")
                self.headers[name.lower()] = value.strip()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def hear(self) -> Frame | None:
        """The next frame; None when the stream has ended."""
        async with asyncio.timeout(PATIENCE):
            name = data = id = ""
            while line := await self._line():
                if line == "\n":
                    if name == "close":
                        self.closing = json.loads(data)
                    elif data:
                        self.cursor = id or self.cursor
                        frame: Frame = json.loads(data)
                        return frame
                    name = data = id = ""
                    continue
                field, _, value = line.rstrip("\n").partition(":")
                value = value.removeprefix(" ")
                self.beats += not field
                name, data, id = (
                    value if field == "event" else name,
                    value if field == "data" else data,
                    value if field == "id" else id,
                )
            return None

    async def until(self, type: str, **fields: Any) -> Frame:
        """Skip to the next frame with this type and these fields."""
        while True:
            frame = await self.hear()
            assert frame is not None, f"ended before {type}: {self.closing}"
            if frame["type"] == type and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def ended(self) -> Frame | None:
        """What `event: close` said, or None."""
        while await self.hear() is not None:
            pass
        return self.closing

    async def _line(self) -> str:
        """The next line of the body, whose chunks end anywhere."""
        while "\n" not in self._text:
            size = await self._reader.readline()
            if not size.strip() or int(size, 16) == 0:
                return ""
            self._text += (await self._reader.readexactly(int(size, 16) + 2))[:-2].decode()
        line, _, self._text = self._text.partition("\n")
        return line + "\n"


def poll(server: Server, token: str | None, cursor: str = "", *, wait: int = 20, query: str = "") -> tuple[int, Any]:
    """One long poll."""
    path = f"/api/v1/events?wait={wait}&cursor={quote(cursor)}{query}"
    return server.request("GET", path, token=token)


def command(server: Server, token: str, *commands: Frame) -> Frame:
    """Commands by HTTP; gives the answer."""
    status, answer = server.request("POST", "/api/v1/commands", list(commands), token=token)
    assert status == 200, answer
    result: Frame = answer
    return result
