"""What looks like a socket over HTTP, against a server that the test plays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from suhbat.client import http_socket
from suhbat.client.http_socket import AGAIN, HttpSocket
from suhbat.client.http_stream import StreamedResponse
from tests.servers import PATIENCE

WELCOME = {"type": "welcome"}


class PlayedServer:
    """Answers each request with the next of these: a status, or the body of a poll. `asked`: method, URL and cursor."""

    def __init__(self, *answers: int | dict[str, Any]) -> None:
        self.asked: list[tuple[str, str, str | None]] = []
        self._answers = list(answers)

    @asynccontextmanager
    async def request(
        self, method: str, url: str, token: str, body: bytes | None = None, *, cursor: str | None = None
    ) -> AsyncIterator[StreamedResponse]:
        self.asked.append((method, url, cursor))
        answer = self._answers.pop(0)
        status, said = (
            (answer, {"code": "rate_limited", "retry_after": 0.001}) if isinstance(answer, int) else (200, answer)
        )

        async def pieces() -> AsyncIterator[bytes]:
            yield json.dumps(said).encode()

        yield StreamedResponse(status, 0.0, pieces())


async def heard(monkeypatch: pytest.MonkeyPatch, server: PlayedServer) -> tuple[list[str], tuple[int, str]]:
    """The types of the frames that a polling socket gives until it closes, and how it does."""
    monkeypatch.setattr(http_socket, "request", server.request)
    socket = HttpSocket("http://h/api/v1", "t", lambda: 0.0, polls=True)
    await socket.send(json.dumps({"type": "hello", "token": "t"}))
    types: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                types.append(json.loads(await socket.recv())["type"])
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return types, (closed.rcvd.code, closed.rcvd.reason)
    finally:
        await socket.close()


async def test_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """They go on from their cursor, which is in no URL. One that was one too many is repeated. Another connection of the server
    means another opening."""
    server = PlayedServer(
        {"frames": [WELCOME], "cursor": "a"},
        429,
        {"frames": [{"type": "caught_up"}], "cursor": "b"},
        {"frames": [WELCOME], "cursor": "c"},
    )
    assert await heard(monkeypatch, server) == (["welcome", "caught_up"], (AGAIN, "another connection"))
    assert [cursor for _, _, cursor in server.asked] == [None, "a", "a", "b"]
    assert {url for _, url, cursor in server.asked if cursor} == {"http://h/api/v1/events?wait=25"}


async def test_a_refusal_of_the_first_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error frame and a close, as of a WebSocket."""
    assert await heard(monkeypatch, PlayedServer(429)) == (["error"], (4029, "rate_limited"))
