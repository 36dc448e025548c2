"""A receiver of outgoing webhooks on loopback, which checks the signatures with the library for Standard Webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from standardwebhooks import Webhook

from tests.servers import PATIENCE


class Receiver:
    """`events`: the verified bodies, as they came; `ids`: their `webhook-id`s. `answer`: what is written, whole. `answers`:
    cleared, nothing is answered. `secret`: set it before the first request."""

    def __init__(self) -> None:
        self.port = 0
        self.secret = ""
        self.events: list[Any] = []
        self.ids: list[str] = []
        self.asked = 0
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.answers = asyncio.Event()
        self.answers.set()
        self.wrong: list[BaseException] = []
        self._arrived = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/suhbat"

    @property
    def texts(self) -> list[str]:
        """The texts of the messages that have arrived."""
        return [event["data"]["message"]["text"] for event in self.events]

    async def arrived(self, count: int) -> None:
        """Wait until so many requests have been answered."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.events) >= count or bool(self.wrong))
        assert not self.wrong, self.wrong

    async def asked_for(self, count: int) -> None:
        """Wait until so many requests have come, answered or not."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: self.asked >= count)

    def checked(self, body: bytes, headers: dict[str, str]) -> Any:
        """The event of a request. Raises if the signature is wrong."""
        self.ids.append(headers["webhook-id"])
        return Webhook(self.secret).verify(body, headers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.asked += 1
            async with self._arrived:
                self._arrived.notify_all()
            await self.answers.wait()
            event = self.checked(body, headers)
            self.events.append(event)
            writer.write(self.answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the server was killed, perhaps before it had said all
        except Exception as error:
            self.wrong.append(error)
        finally:
            async with self._arrived:
                self._arrived.notify_all()
            writer.close()


R = TypeVar("R", bound=Receiver)


def receiver() -> AbstractAsyncContextManager[Receiver]:
    return listening(Receiver())


@asynccontextmanager
async def listening(one: R) -> AsyncIterator[R]:
    """On a free port."""
    server = await asyncio.start_server(one._serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        one.answers.set()
        server.close()
