"""`suhbat serve --workers 2`: several processes on one port of one machine, which are nodes like any others."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from suhbat.cli import user
from suhbat.config import Settings
from tests import engines
from tests.servers import COMMANDS, PATIENCE, Server
from tests.talk import V1

PASSWORD = "a good password"
PEOPLE = 12


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server("cluster", tmp_path / "data", command=(*COMMANDS["cluster"], "--workers", "2"))
    server.settings = {"SUHBAT_SEND_RATE": "0", "SUHBAT_CONNECTIONS_PER_ADDRESS": "0"}
    running: list[psutil.Process] = []
    try:
        server.start()
        running += workers(server)
        yield server
    finally:
        running += workers(server)
        server.kill()
        for process in running:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def workers(server: Server) -> list[psutil.Process]:
    """The processes that serve. Python runs another one, which tracks shared resources."""
    assert server.process is not None
    try:
        children = psutil.Process(server.process.pid).children()
    except psutil.NoSuchProcess:
        return []
    return [child for child in children if serves(child)]


def serves(process: psutil.Process) -> bool:
    """Whether a process is a worker. A process that has just ended may have no command line any more."""
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


async def test_they_are_one_server(server: Server) -> None:
    """A client gets all messages on any process. A process that dies is replaced, and no client misses a message."""
    before = workers(server)
    assert len(before) == 2
    async with AsyncExitStack() as stack:
        tokens = [server.guest(f"kishi{number}") for number in range(PEOPLE)]
        people = [await stack.enter_async_context(V1(server.ws, token)) for token in tokens]
        assert (await people[0].ask("send", conversation="lobby", text="hammaga"))["type"] == "ok"
        for one in people[1:]:
            await one.until("message.created")
        before[0].kill()
        said = [await _said(server, people[number], token, number) for number, token in enumerate(tokens)]
        assert said == list(range(2, PEOPLE + 2)), "each message once, in one order"
    limit = time.monotonic() + PATIENCE
    while len(now := workers(server)) < 2 or before[0] in now:
        assert time.monotonic() < limit, f"it was not replaced:\n{server.printed()}"
        await asyncio.sleep(0.1)
    assert f"worker {before[0].pid} has ended" in server.printed()


async def _said(server: Server, person: V1, token: str, number: int) -> int:
    """Send a message and return its `seq`; reconnect first if the process of the connection has died."""
    what = {"conversation": "lobby", "text": "yana", "client_id": f"yana {number}"}
    try:
        return int((await person.ask("send", **what))["seq"])
    except ConnectionClosed:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    async with V1(server.ws, token) as back:
                        return int((await back.ask("send", **what))["seq"])
                except (ConnectionClosed, OSError):
                    await asyncio.sleep(0.1)


async def test_the_command_line_reaches_any_worker(server: Server) -> None:
    """Each command takes effect on all workers, whichever it reaches, also while a worker is replaced, and afterwards."""
    settings = Settings(data=server.data)
    await asyncio.to_thread(user.execute, settings, verb="add", user_id="ali", password=PASSWORD)
    _, made = await asyncio.to_thread(
        server.request, "POST", "/api/v1/sessions", {"user_id": "ali", "password": PASSWORD}
    )
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(V1(server.ws, made["token"])) for _ in range(PEOPLE)]
        await asyncio.to_thread(user.execute, settings, verb="disable", user_id="ali")
        async with asyncio.timeout(PATIENCE):
            assert {await one.closed() for one in sockets} == {4505}, "on any worker"
    before = workers(server)
    before[0].kill()
    limit = time.monotonic() + PATIENCE
    orders = 0
    while orders < 2 * PEOPLE or len(now := workers(server)) < 2 or before[0] in now:
        (ali,) = await asyncio.to_thread(user.execute, settings, verb="list")
        assert ali["disabled"]
        orders += 1
        await asyncio.sleep(0.05)
        assert time.monotonic() < limit, f"it was not replaced:\n{server.printed()}"
    assert (server.data / "control").exists()
    assert server.stop() == 0
    assert not (server.data / "control").exists()


async def test_any_worker_has_the_metrics_of_all(server: Server) -> None:
    """One answer of /metrics covers both workers; their connections add up to the total."""
    async with AsyncExitStack() as stack:
        for number in range(PEOPLE):
            token = await asyncio.to_thread(server.guest, f"mehmon{number}")
            await stack.enter_async_context(V1(server.ws, token))
        async with asyncio.timeout(PATIENCE):
            while True:
                _, text = await asyncio.to_thread(server.request, "GET", "/metrics")
                found = re.findall(r'^suhbat_connections\{worker="(\d)"\} (\d+)', text, re.MULTILINE)
                if {number for number, _ in found} == {"0", "1"} and sum(int(one) for _, one in found) == PEOPLE:
                    return
                await asyncio.sleep(0.5)


def test_a_server_that_cannot_start(tmp_path: Path) -> None:
    """It prints the reason and exits with an error status. Workers that would fail for the same reason are not started."""
    empty = engines.postgres().new_database(f"e{time.monotonic_ns()}")
    server = Server("cluster", tmp_path / "data", command=(*COMMANDS["cluster"], "--workers", "2"))
    server.settings = {"SUHBAT_DATABASE_URL": empty}
    try:
        with pytest.raises(AssertionError, match="run `suhbat migrate`"):
            server.start()
        assert server.process is not None
        assert server.process.poll() == 3, server.printed()
        assert "before the server was ready" in server.printed() and "is started" not in server.printed()
    finally:
        server.kill()


async def test_they_stop_together(server: Server) -> None:
    """SIGTERM to the parent: clients are told to reconnect, and no process is left."""
    running = workers(server)
    token = server.guest("kishi")
    async with V1(server.ws, token) as person:
        assert server.process is not None
        server.process.terminate()
        if sys.platform != "win32":
            assert await person.closed() == 1012
    assert await asyncio.to_thread(server.process.wait, PATIENCE) == 0
    assert not [one for one in running if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert "Traceback" not in server.printed()
    assert "undecided" not in server.printed(), "nothing is given up while the database answers"


async def test_they_do_not_outlive_their_parent(server: Server) -> None:
    """If the parent is killed, the workers end too, and the port is free for the next start."""
    running = workers(server)
    server.kill()
    limit = time.monotonic() + PATIENCE
    while [one for one in running if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
        assert time.monotonic() < limit, "they are still there"
        await asyncio.sleep(0.1)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", server.port))
