"""Which files a message and a login pass through, seen by watching a server while it carries them out."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import PATIENCE, Server
from tests.talk import V1

TIMES = 6
"""How often each is done. What was called every time belongs to it; what else was called is the server's other work."""
Call = tuple[str, str]
"""Two files: in the one is the caller, in the other what is called. Frames of other packages between them are passed over."""
PASSWORD = "uzun parol 7"


class Watched:
    """A server whose calls are noted."""

    def __init__(self, server: Server, notes: Path) -> None:
        self.server = server
        self._notes = notes
        self._number = 0

    def calls(self) -> set[Call]:
        """The calls that the server made since the previous `calls()`."""
        assert self.server.process is not None
        os.kill(self.server.process.pid, signal.SIGUSR1)
        told = self._notes / f"{self._number}.txt"
        self._number += 1
        limit = time.monotonic() + PATIENCE
        while not told.exists():
            assert time.monotonic() < limit, "the server does not tell what was called"
            time.sleep(0.01)
        lines = told.read_text(encoding="utf-8").splitlines()
        return {(caller, called) for caller, _, called in (line.partition(" ") for line in lines)}


@contextmanager
def watched(tree: Path) -> Iterator[Watched]:
    """A server out of this tree."""
    with tempfile.TemporaryDirectory() as directory:
        notes = Path(directory) / "notes"
        notes.mkdir()
        script = Path(__file__).with_name("traced.py")
        command = (str(script), str(notes), "serve", "--host", "127.0.0.1", "--port", "{port}")
        server = Server("suhbat", Path(directory) / "data", tree=tree, command=command)
        server.start()
        try:
            yield Watched(server, notes)
        finally:
            server.stop()


@dataclass(frozen=True)
class Way:
    """The files of `suhbat/` in which something was called. `passed`: those that called on into another one; the rest are
    leaves, which a reader who follows the message need not open."""

    called: list[str]
    passed: list[str]


async def _always(server: Watched, do: Callable[[], Awaitable[object]]) -> Way:
    """The calls that every run of `do` makes. The first run does not count."""
    await do()
    sets: list[set[Call]] = []
    for _ in range(TIMES):
        await asyncio.sleep(0.05)
        server.calls()
        await do()
        sets.append(server.calls())
    calls = set.intersection(*sets)
    called = {name for _, name in calls}
    return Way(sorted(called), sorted(called & {caller for caller, name in calls if caller != name}))


async def ways(tree: Path) -> dict[str, Way]:
    """Of a v1 send (to its acknowledgement, and to the event at somebody else), a message over HTTP and a login."""
    with watched(tree) as server:
        one, two = (server.server.guest(name) for name in ("anvar", "bobur"))
        status, body = server.server.request("POST", "/api/v1/accounts", {"user_id": "dilnoza", "password": PASSWORD})
        assert status == 201, body
        async with V1(server.server.ws, one) as sender, V1(server.server.ws, two) as reader:
            numbers = itertools.count()

            async def send() -> None:
                reply = await sender.ask("send", conversation="lobby", text="salom", client_id=str(next(numbers)))
                assert reply["type"] == "ok", reply
                await reader.until("message.created")

            async def post() -> None:
                body = {"text": "salom"}
                path = "/api/v1/conversations/lobby/messages"
                status, answer = await asyncio.to_thread(server.server.request, "POST", path, body, token=one)
                assert status == 201, answer
                await reader.until("message.created")

            async def login() -> None:
                body = {"user_id": "dilnoza", "password": PASSWORD}
                status, answer = await asyncio.to_thread(server.server.request, "POST", "/api/v1/sessions", body)
                assert status == 201, answer

            return {
                "a v1 send": await _always(server, send),
                "an HTTP post": await _always(server, post),
                "a login": await _always(server, login),
            }
