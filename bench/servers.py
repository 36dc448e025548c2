"""The servers under comparison: how each is started, found ready, and ended."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import brokers
import compiler
import installs
from brokers import Launch
from catalogue import Server
from compiler import BENCH
from machine import free_port, pin
from packages import Unavailable

ROOT = BENCH.parent
READY_WITHIN = 120.0


class Running(NamedTuple):
    """A started server. `scratch`: its temporary directory."""

    pid: int
    port: int
    dialect: str = "simple"
    scratch: Path = Path()


@contextmanager
def running(
    server: Server,
    data_root: Path,
    core: int | None,
    settings: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Iterator[Running]:
    """Start a server with its own empty data directory, wait until it is ready, and end it afterwards.

    `settings`: environment variables. `python`: the interpreter of a server in Python. Raises Unavailable if it does
    not become ready; the text holds the end of its output.
    """
    with TemporaryDirectory(dir=data_root, prefix=f"{server.key}-") as name:
        process, one = start(server, Path(name), free_port(), core, settings, python)
        try:
            yield one
        finally:
            end(process)


def start(
    server: Server,
    data: Path,
    port: int,
    core: int | None,
    settings: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> tuple[subprocess.Popen[bytes], Running]:
    """Start a server with the content of `data` and wait until it is ready. The caller ends it. Raises Unavailable."""
    launch = command(server.key, port, data, python)
    log = data / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            launch.argv,
            cwd=data,  # a working directory without suhbat.toml
            env={**environment(data), **launch.settings, **(settings or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=pin(core),
        )
    try:
        wait_until_ready(server, process, port, log)
        if launch.prepare:
            launch.prepare()
    except BaseException:
        end(process)
        raise
    return process, Running(process.pid, port, server.dialect, data)


def command(key: str, port: int, data: Path, python: str = sys.executable) -> Launch:
    """How a server is started. Installs and compiles what is missing, and writes configuration into `data`."""
    address = ["--host", "127.0.0.1", "--port", str(port)]
    quiet = ["--log-level", "warning"]
    rivals = BENCH / "rivals"
    match key.removesuffix("-v1").split("-"):
        case ["suhbat" | "base"]:
            return Launch([python, "-m", "suhbat", "serve", *address])
        case ["uvicorn"]:
            return Launch([python, "-m", "uvicorn", "main:app", "--app-dir", str(ROOT), *address, *quiet])
        case ["plain"]:
            app = ["plain_fastapi:app", "--app-dir", str(rivals)]
            return Launch([python, "-m", "uvicorn", *app, *address, *quiet])
        case ["node" | "coalesce"]:
            modules = installs.node_package("ws", installs.WS)
            mode = ["coalesce"] if key == "coalesce" else []
            return Launch([installs.node(), str(rivals / "node_ws.js"), str(port), *mode], {"NODE_PATH": str(modules)})
        case ["socketio"]:
            modules = installs.node_package("socket.io", installs.SOCKET_IO)
            return Launch([installs.node(), str(rivals / "socketio.js"), str(port)], {"NODE_PATH": str(modules)})
        case ["uws"]:
            return Launch([installs.socketify(), str(rivals / "uws.py"), str(port)])
        case ["c"]:
            return Launch([str(compiler.c_server()), str(port)])
        case ["nats" | "jetstream", *_]:
            return brokers.nats(key, port, data)
        case ["nchan"]:
            return brokers.nchan(port, data)
        case ["mosquitto"]:
            return brokers.mosquitto(port, data)
        case ["centrifuge", *_]:
            return brokers.centrifuge(key, port)
    raise ValueError(key)


def tree_of(server: Server, base: Path | None) -> dict[str, str]:
    """The settings that make the servers `base` and `base-v1` run the code of another tree."""
    return {"PYTHONPATH": str(base.resolve())} if base and server.key.startswith("base") else {}


def environment(data: Path) -> dict[str, str]:
    """Suhbat with its defaults and full durability, but without the limits that a single generator would exceed at
    once.

    Joins and leaves are not announced, because the competing servers announce nothing either.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SUHBAT_DATA": str(data / "data"),
        "SUHBAT_ACCESS": "open",
        "SUHBAT_SEND_RATE": "0",
        "SUHBAT_ROOM_RATE": "0",
        "SUHBAT_CONNECTIONS_PER_ADDRESS": "0",
        "SUHBAT_ANNOUNCE_LIMIT": "0",
        "SUHBAT_LOG_LEVEL": "warning",
    }


def wait_until_ready(server: Server, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when it accepts connections and its health check, if it has one, succeeds."""
    limit = time.monotonic() + READY_WITHIN
    while time.monotonic() < limit and process.poll() is None:
        if answers(port, server.health):
            return
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-600:]
    why = "is not ready" if process.poll() is None else f"ended with status {process.returncode}"
    raise Unavailable(f"{server.title} {why}: {said or 'it printed nothing'}")


def answers(port: int, path: str | None) -> bool:
    """Whether something listens there and, if a path is given, answers 200."""
    try:
        if path is None:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status == 200
    except (OSError, http.client.HTTPException):
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process of ours, first with SIGTERM."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
