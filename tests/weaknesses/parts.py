"""Starts the servers; helpers of several probes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

import psutil

from tests.servers import BUSY, COMMANDS, PATIENCE, Server
from tests.system.raw import Raw, deafen

T = TypeVar("T")
Servers = Mapping[str, Server]
Probe = Callable[[Server], bool]
Expected = Mapping[str, bool]
"""Which servers have a weakness."""
Found = Mapping[Probe, Mapping[str, bool]]
"""The results of several probes on each server."""

_HASTY = ("-m", "tests.weaknesses.hasty")
KINDS: Mapping[str, tuple[str, ...]] = {
    "suhbat serve": (*_HASTY, *COMMANDS["suhbat"][1:]),
    "uvicorn main:app": (*_HASTY, *COMMANDS["uvicorn"][1:]),
    # Its pings are as frequent as Suhbat's here, so that a connection that stays was not just missed.
    "tutorial": (
        *("-m", "uvicorn", "tests.weaknesses.tutorial:app", "--host", "127.0.0.1", "--port", "{port}"),
        *("--ws-ping-interval", "2", "--ws-ping-timeout", "1", "--timeout-keep-alive", "1"),
    ),
}
"""How each is started."""

TUTORIAL_ALONE: Expected = {"suhbat serve": False, "uvicorn main:app": False, "tutorial": True}
"""Suhbat does not have the weakness, in whichever way it is started."""
NOWHERE: Expected = dict.fromkeys(KINDS, False)
NOT_IN_SERVE: Expected = {"suhbat serve": False, "uvicorn main:app": True, "tutorial": True}
"""The weakness is in uvicorn's part of a connection: fixed by `suhbat serve`, otherwise by a proxy."""

FILE = "/docs/files/swagger-ui-bundle.js"
"""A file of a megabyte that all servers have."""

_numbers = count(1)


def name(base: str) -> str:
    """A name that no other test has."""
    return f"{base}-{next(_numbers)}"


@contextmanager
def started(directory: Path, **settings: str) -> Iterator[Servers]:
    """One server of each kind, with these settings of Suhbat. They are ended whatever happens."""
    given = {"SUHBAT_SEND_RATE": "0"} | {f"SUHBAT_{key.upper()}": value for key, value in settings.items()}
    running = {
        kind: Server(kind, directory / str(number), settings=given, command=command)
        for number, (kind, command) in enumerate(KINDS.items())
    }
    try:
        Everywhere(running)(Server.start)
        yield running
    finally:
        for server in running.values():
            if server.process is not None and server.process.poll() is None:
                server.kill()


class Everywhere:
    """Runs probes on all servers at the same time, because a probe mostly waits."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def __call__(self, probe: Callable[[Server], T]) -> dict[str, T]:
        """The result of this probe, by server."""
        return self.at_once(probe)[probe]

    def shown(self, probe: Probe, expected: Mapping[str, bool]) -> dict[str, bool]:
        """The result of this probe. An expected weakness that is not seen is tried again, because a busy machine may
        hide it. An unexpected weakness counts at once."""
        limit = time.monotonic() + PATIENCE
        while True:
            found = self(probe)
            if any(found[kind] and not expected[kind] for kind in found) or time.monotonic() > limit:
                return found
            if found == expected:
                return found

    def at_once(self, *probes: Callable[[Server], T]) -> dict[Callable[[Server], T], dict[str, T]]:
        """The results of these probes, which do not disturb each other."""
        with ThreadPoolExecutor(len(probes) * len(self._servers)) as threads:
            found = {
                probe: {kind: threads.submit(probe, server) for kind, server in self._servers.items()}
                for probe in probes
            }
        return {probe: {kind: future.result() for kind, future in by.items()} for probe, by in found.items()}


def resident(server: Server) -> int:
    """The server's resident memory in bytes."""
    return int(_process(server).memory_info().rss)


def holds(server: Server, peer: socket.socket) -> bool:
    """Whether the server still has its end of this connection."""
    port = peer.getsockname()[1]
    return any(end.raddr and end.raddr.port == port for end in _process(server).net_connections("tcp"))


def kept(server: Server, peer: socket.socket, seconds: float, expected: Expected) -> bool:
    """Whether the server keeps its end of this connection for this long; where that is not expected, on a busy machine."""
    limit = deadline(server, seconds, expected)
    while time.monotonic() < limit:
        if not holds(server, peer):
            return False
        time.sleep(0.25)
    return True


def deadline(server: Server, seconds: float, expected: Expected) -> float:
    """When a connection has stayed for longer than it may. Only where the weakness is not expected it matters that a busy
    machine can be late; elsewhere the connection stays however long one waits."""
    return time.monotonic() + seconds + (0.0 if expected[server.kind] else BUSY)


@contextmanager
def connected(server: Server, *, deaf: bool = False) -> Iterator[socket.socket]:
    """A TCP connection that the server has accepted, on which nothing was sent yet."""
    with socket.socket() as peer:
        if deaf:
            deafen(peer)
        peer.settimeout(PATIENCE)
        peer.connect(("127.0.0.1", server.port))
        limit = time.monotonic() + PATIENCE
        while not holds(server, peer):
            assert time.monotonic() < limit, "the connection was not accepted"
            time.sleep(0.01)
        yield peer


def asking(path: str, *lines: str, method: str = "GET") -> bytes:
    """An HTTP request with these further header lines, up to the end of the headers."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


@contextmanager
def reading_nothing(server: Server) -> Iterator[Raw]:
    """A client that was sent more than fits between the server and it, and has read none of it."""
    with (
        Raw(server.port, f"/ws/{name('deaf')}", deaf=True) as deaf,
        # In the tutorial's chat one client that does not read stops all others.
        Raw(server.port, f"/ws/{name('talker')}", patience=1.0 if server.kind == "tutorial" else PATIENCE) as talker,
    ):
        try:
            for _ in range(10):
                for _ in range(10):
                    talker.say({"message": "x" * 3_500})
                for _ in range(10):
                    talker.until("message")
        except TimeoutError:
            assert server.kind == "tutorial"
        yield deaf


def _process(server: Server) -> psutil.Process:
    assert server.process is not None
    return psutil.Process(server.process.pid)
