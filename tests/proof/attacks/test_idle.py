"""Idle connections: one address has a limit, and some descriptors are kept for others."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import ExitStack

import pytest

from suhbat.transport.connection_limiter import SPARE
from tests.servers import PATIENCE, Server, running

from .siege import Siege, name

FEW = 20
FILES = 160
"""Descriptors of the process: the server itself needs some forty."""


def test_idle_connections_of_one_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Connections above `connections_per_address` (and some spare ones) get an HTTP refusal and are closed; after the
    others have gone, the address is served again."""
    with running("suhbat", tmp_path_factory.mktemp("idle") / "data", connections_per_address=str(FEW)) as server:
        siege = Siege(server)
        with siege.attack():
            with ExitStack() as stack:
                idle = [_connect(stack, server) for _ in range(2 * (FEW + SPARE))]
                told = _all_told(idle, len(idle) - FEW - SPARE)
                assert len(told) >= FEW and all(answer.startswith(b"HTTP/1.1 429") for answer in told)
                assert len(idle) - len(told) <= FEW + SPARE
            _until_served(server)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_descriptors_run_short(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With few descriptors left, new connections get a refusal with the time to wait and are closed. Open connections
    continue, their messages are stored, and nothing fails. With free descriptors new connections are accepted again."""
    server = Server(
        "suhbat",
        tmp_path_factory.mktemp("descriptors") / "data",
        prefix=("sh", "-c", f'ulimit -n {FILES} && exec "$@"', "sh"),
    )
    server.start()
    try:
        siege = Siege(server)
        with siege.attack():
            with ExitStack() as stack:
                idle = [_connect(stack, server) for _ in range(2 * FILES)]
                told = _all_told(idle, FILES // 2 + 1)
                assert len(told) > FILES / 2
                assert {answer.split(b"\r\n")[0] for answer in told if answer != b"closed"} == {
                    b"HTTP/1.1 503 Service Unavailable"
                }
            _until_served(server)
            siege.guest(name("late"))
    finally:
        server.stop()


def _connect(stack: ExitStack, server: Server) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE))


def _told(one: socket.socket) -> bytes:
    """The bytes that the server sent by itself: b"closed" if it only closed, nothing if it still waits."""
    one.settimeout(0)
    try:
        return one.recv(65_536) or b"closed"
    except BlockingIOError:
        return b""
    except OSError:
        return b"closed"


def _all_told(idle: list[socket.socket], count: int) -> list[bytes]:
    """What they were told, once it is so many: the server may not have come to the last ones yet. Without waiting for each,
    as one that sends nothing is told so after ten seconds."""
    told: dict[socket.socket, bytes] = {}
    limit = time.monotonic() + PATIENCE
    while True:
        told |= {one: answer for one in idle if one not in told and (answer := _told(one))}
        if len(told) >= count or time.monotonic() > limit:
            return list(told.values())
        time.sleep(0.05)


def _until_served(server: Server) -> None:
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            status = server.request("GET", "/readyz")[0]
        except OSError:
            status = 0
        if status == 200:
            return
        assert time.monotonic() < limit, "nobody is let in any more"
        time.sleep(0.1)
