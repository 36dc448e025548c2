"""Connections that serve more than one request, to hosts on loopback that answer, close and misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from suhbat.outgoing import idle
from suhbat.outgoing.client import OutgoingClient, OutgoingLimits
from tests.outgoing.hosts import Names, make_client
from tests.servers import PATIENCE

REUSE = OutgoingLimits(seconds=5.0, most=0, reuse=True)
OK = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.01)


class Peer:
    """A host that keeps its connections. `answer`: what it sends to each request; `closes`: whether it closes then; `opened`:
    connections so far; `open`: connections now."""

    def __init__(self) -> None:
        self.port = self.opened = self.asked = 0
        self.open: set[asyncio.StreamWriter] = set()
        self.answer: Callable[[], bytes] = lambda: OK
        self.closes = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open.add(writer)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked += 1
                writer.write(self.answer())
                if self.closes:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()


@asynccontextmanager
async def peer() -> AsyncIterator[Peer]:
    one = Peer()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        for writer in list(one.open):
            writer.transport.abort()
        await asyncio.sleep(0)


async def post(client: OutgoingClient, one: Peer, limits: OutgoingLimits = REUSE) -> int:
    return (await client.request("POST", one.url, limits=limits)).status


async def test_one_connection_for_many_requests() -> None:
    """Where it is asked for; other requests open their own, and take none that waits. `close` closes what waits."""
    async with peer() as one:
        client = make_client()
        assert [await post(client, one) for _ in range(3)] == [201] * 3 and one.opened == 1
        assert await post(client, one, OutgoingLimits(seconds=5.0)) == 201 and one.opened == 2
        assert len(client._idle) == 1
        client.close()
        await eventually(lambda: not one.open)


async def test_an_origin_has_its_own_connections() -> None:
    """A connection was made to an address that was checked for the name: another name, or port, gets another one."""
    names = Names(a_example=[["127.0.0.1"]], b_example=[["127.0.0.1"]])
    async with peer() as one:
        client = make_client(names)
        for name in ("a.example", "b.example", "a.example"):
            await client.request("POST", f"http://{name}:{one.port}/", limits=REUSE)
        assert one.opened == 2 and names.asked == ["a.example", "b.example"]
        client.close()


async def test_a_host_that_closes() -> None:
    """At once, or when the next request is on its way: that request goes out again on a new connection."""
    async with peer() as one:
        client = make_client()
        one.closes = True
        assert [await post(client, one) for _ in range(3)] == [201] * 3
        one.closes = False
        assert await post(client, one) == 201
        one.answer = lambda: b"" if one.opened == opened else OK
        opened, asked = one.opened, one.asked
        one.closes = True
        assert await post(client, one) == 201
        assert (one.opened, one.asked) == (opened + 1, asked + 2)
        await eventually(lambda: len(client._idle) == 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 201 Created\r\nContent-Length: 0\r\n\r\n",
        OK + b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_connections_that_are_not_used_again(answer: bytes) -> None:
    """With something left to read, or for hosts that want to close: an answer never belongs to another request."""
    async with peer() as one:
        client = make_client()
        one.answer = lambda: answer
        assert [await post(client, one) for _ in range(2)] == [201, 201]
        assert one.opened == 2 and len(client._idle) == 0


async def test_an_answer_that_nobody_asked_for() -> None:
    """A host that sends something while the connection waits loses it: the next request would take that for its answer."""
    async with peer() as one:
        client = make_client()
        await post(client, one)
        (writer,) = one.open
        writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
        await eventually(lambda: len(client._idle) == 0)
        assert await post(client, one) == 201 and one.opened == 2
        client.close()


@pytest.mark.parametrize("turns", [0, 1])
async def test_an_answer_that_comes_while_it_is_taken_out(turns: int) -> None:
    """Just before or during that: nobody has read it yet, and the connection is closed."""
    connections, reader = idle.IdleConnections(), asyncio.StreamReader()
    transport = SimpleNamespace(aborted=False)
    transport.abort = lambda: setattr(transport, "aborted", True)
    writer: Any = SimpleNamespace(transport=transport)
    connections.keep("o", idle.OpenConnection(reader, writer, asyncio.get_running_loop().time()))
    await asyncio.sleep(0)  # it reads
    taking = asyncio.ensure_future(connections.take("o"))
    for _ in range(turns):
        await asyncio.sleep(0)
    reader.feed_data(b"HTTP/1.1 410 Gone\r\n\r\n")
    assert await taking is None and transport.aborted


async def test_what_waits_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some connections wait, for some seconds, and none is used for ever."""
    monkeypatch.setattr(idle, "MOST_IDLE", 2)
    async with peer() as one:
        client = make_client()
        assert await asyncio.gather(*(post(client, one) for _ in range(5))) == [201] * 5
        assert len(client._idle) == 2
        monkeypatch.setattr(idle, "IDLE_SECONDS", 0.01)
        assert await post(client, one) == 201
        await eventually(lambda: len(client._idle) == 1)
        monkeypatch.setattr(idle, "USED_SECONDS", 0.0)
        assert await post(client, one) == 201
        await eventually(lambda: not one.open and len(client._idle) == 0)
