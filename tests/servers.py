"""Real servers as child processes, for tests that need a socket. They run on a free loopback port and are ended by
their pid."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests import forked

ROOT = Path(__file__).parent.parent

Process = subprocess.Popen[bytes] | forked.Forked

COMMANDS: Mapping[str, list[str]] = {
    "suhbat": ["-m", "suhbat", "serve", "--host", "127.0.0.1", "--port", "{port}"],
    "uvicorn": ["-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", "{port}"],
    "hypercorn": ["-m", "hypercorn", "main:app", "--bind", "127.0.0.1:{port}"],
    "cluster": ["-m", "suhbat", "serve", "--host", "127.0.0.1", "--port", "{port}"],
    "granian": ["-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", "main:app"],
}
"""The command line of each kind of server under test. `cluster`: with PostgreSQL and NATS, as one of several nodes."""


PATIENCE = 120.0
"""Seconds that anything may take on a busy machine. Tests check what happens, not how soon."""
BUSY = 20.0
"""Seconds that a busy machine may add to a promised time."""
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(10_000 + _WORKER, 32_000, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
"""Below the ports that the system assigns to connections and to port 0, so that nobody else gets a port between its
choice and its use. Test processes that run at the same time use different ports."""
_GIVEN: set[int] = set()


def free_port() -> int:
    """A loopback port that nobody listens on, a different one each time."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _GIVEN:
                _GIVEN.add(port)
                return port


@dataclass
class Server:
    """One server process, running the code in `tree`. `output`: the file with everything it prints; `command`: replaces
    the kind's own."""

    kind: str
    data: Path
    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    tree: Path = ROOT
    process: Process | None = None
    READY: ClassVar[str] = "/readyz"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def output(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def start(self, *, patience: float = PATIENCE) -> float:
        """Start it and wait until it is ready; gives the seconds that took. If it does not become ready, it is killed."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
        environment |= (
            {"SUHBAT_DATA": str(self.data), "PYTHONPATH": str(self.tree)} | self.engines() | dict(self.settings)
        )
        command = [part.format(port=self.port) for part in self.command or COMMANDS[self.kind]]
        began = time.monotonic()
        with self.output.open("ab") as output:
            if not self.prefix and command[0] == "-m" and self.tree == ROOT and forked.can(environment, ROOT):
                self.process = forked.start(command, ROOT, environment, output.fileno())
            else:
                self.process = subprocess.Popen(
                    [*self.prefix, sys.executable, *command],
                    cwd=self.tree,
                    env=environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() - began > patience:
                self.kill()
                raise AssertionError(f"{self.kind} did not start:\n{self.printed()}")
            time.sleep(0.02)
        return time.monotonic() - began

    def kill(self) -> None:
        """kill -9 (TerminateProcess on Windows): it flushes nothing and closes nothing."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self, patience: float = PATIENCE) -> int:
        """Ask it to stop and wait; gives its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.kind} did not stop:\n{self.printed()}") from None

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def request(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """One HTTP request; gives the status, and the body as JSON or text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = dict(headers)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        payload = None
        if body is not None:
            payload = json.dumps(body)
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, payload, sent)
            response = connection.getresponse()
            text = response.read().decode()
            return response.status, json.loads(text) if _is_json(response.getheader("content-type", "")) else text
        finally:
            connection.close()

    def guest(self, user_id: str) -> str:
        """Make a token guest; gives its token."""
        status, answer = self.request("POST", "/api/v1/guests", {"user_id": user_id})
        assert status == 201, answer
        token: str = answer["token"]
        return token

    @property
    def database_url(self) -> str | None:
        """The PostgreSQL URL; None for SQLite in `data`."""
        return (self.engines() | dict(self.settings)).get("SUHBAT_DATABASE_URL")

    def engines(self) -> dict[str, str]:
        """The environment variables of the database and the bus. The same data directory gets the same database."""
        if self.kind != "cluster":
            return {}
        from tests import engines

        return {"SUHBAT_DATABASE_URL": engines.database_of(self.data), "SUHBAT_BUS_URL": engines.nats().url}

    def _ready(self) -> bool:
        try:
            return self.request("GET", self.READY)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def _is_json(media_type: str) -> bool:
    return "json" in media_type and "jsonl" not in media_type


@contextmanager
def running(kind: str, data: Path, **settings: str) -> Iterator[Server]:
    """A server for the length of a block. It is ended in any case."""
    server = Server(kind, data, settings={f"SUHBAT_{name.upper()}": value for name, value in settings.items()})
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
