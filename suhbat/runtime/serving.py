"""Running the server: one process, or several on one port that a parent looks after."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, NamedTuple

import uvicorn

from suhbat.config import Settings
from suhbat.identity.control import Control
from suhbat.store.errors import UnusableStore
from suhbat.store.lock import owned
from suhbat.transport.http_guard import guarded
from suhbat.transport.native import Native

from . import startup
from .app import ServerApp, create_app
from .metrics import workers
from .worker import Worker

SHUTDOWN_SECONDS = 5
"""From the request to stop until requests and connections that are still open are cut off."""
BACKLOG = 16_384
"""Connections that wait to be accepted; the system may allow fewer (Linux: net.core.somaxconn)."""
STOP_SECONDS = 15.0
RESTART_SECONDS = 1.0
SPAWN = get_context("spawn")
"""Workers are not forked: that is not there everywhere, and copies what a thread may hold."""


class UvicornServer(uvicorn.Server):
    """uvicorn's, which says when it is `ready`, lets the others take over before it stops, and stops when it can do nothing
    but that."""

    def __init__(self, config: uvicorn.Config, suhbat: ServerApp, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._suhbat = suhbat
        self._ready = ready
        self.has_failed = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        self.has_failed = self._suhbat.has_failed
        return await super().on_tick(counter) or self.has_failed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        began = time.monotonic()
        await self._suhbat.drain()
        # Who was answered meanwhile needs no more time, and the store needs some.
        self.config.timeout_graceful_shutdown = max(1, SHUTDOWN_SECONDS - round(time.monotonic() - began))
        await super().shutdown(sockets)


class _Given(NamedTuple):
    """What one of several processes is given by the parent. `flags`: what the settings were made with; without `secret`
    another server on the data directory takes the orders of the command line."""

    number: int
    flags: dict[str, Any]
    listening: socket.socket
    said: Connection
    secret: str | None


def refusal(settings: Settings, platform: str = sys.platform) -> str | None:
    """Why there cannot be several workers, or None if they can."""
    if settings.workers == 1:
        return None
    if settings.bus_url is None or settings.database_url is None:
        return (
            f"workers = {settings.workers} needs bus_url and database_url: without a bus between them, people on different "
            "workers would not hear each other at once, and a SQLite file belongs to one process. "
            "Use one worker; it serves thousands of connections."
        )
    if platform == "win32":
        return (
            f"workers = {settings.workers} cannot be on Windows: there one socket takes connections for one process only "
            "(I/O completion ports). Start several servers instead, each with its own --port and --data and the same "
            "database_url and bus_url, behind a proxy."
        )
    return None


def run(
    settings: Settings,
    sockets: list[socket.socket] | None = None,
    ready: Callable[[], None] = lambda: None,
    worker: Worker | None = None,
    *,
    quiet: bool = False,
) -> None:
    """Serve until told to stop. `ready` is called when it takes requests; `worker`, `quiet`: see `app.create_app`. Raises
    SystemExit(1) where it stopped because it could not go on, so that it is started anew."""
    suhbat = create_app(settings, worker=worker, quiet=quiet)
    server = UvicornServer(_config(settings, suhbat), suhbat, ready)
    server.run(sockets)
    if server.has_failed:
        raise SystemExit(1)


def run_workers(settings: Settings, flags: dict[str, Any]) -> None:
    """Serve with several processes, and start again those that die. `flags`: what the settings were made with.

    Raises SystemExit when one ends before any was ready: what keeps it from starting would keep the next one too.
    """
    listening = _config(settings, create_app(settings)).bind_socket()
    try:
        with _controlled(settings, listening.getsockname()[1]) as secret:
            status = _look_after(settings.workers, flags, listening, secret)
    finally:
        listening.close()
    if status:
        sys.exit(status)


@contextmanager
def _controlled(settings: Settings, port: int) -> Iterator[str | None]:
    """The command line finds this parent by the data directory, and each worker obeys the one secret: which of them an order
    reaches nobody can say, and each may end."""
    with ExitStack() as stack:
        secret = None
        try:
            stack.enter_context(owned(settings.data))
            control = Control(settings.data)
            secret = control.begin(startup.beside(settings, port))
            stack.callback(control.end)
            workers.begin(settings.data)
        except (OSError, UnusableStore) as error:
            startup.tell(f"suhbat: the command line does not find this server: {error}")
        yield secret


def _look_after(count: int, flags: dict[str, Any], listening: socket.socket, secret: str | None) -> int:
    """Keep so many workers at work until told to stop; the exit status."""
    heard, said = SPAWN.Pipe(duplex=False)
    was_ready = stopping = False
    status = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    running = [_start(_Given(number, flags, listening, said, secret)) for number in range(count)]
    while not stopping:
        time.sleep(0.1)
        while heard.poll():
            was_ready = heard.recv()
        for number, worker in enumerate(running):
            if worker.is_alive() or stopping:
                continue
            if not was_ready:
                startup.tell(
                    f"worker {worker.pid} has ended ({worker.exitcode}) before the server was ready: see above"
                )
                status, stopping = max(1, worker.exitcode or 0), True
                continue
            startup.tell(f"worker {worker.pid} has ended ({worker.exitcode}); another one is started")
            time.sleep(RESTART_SECONDS)
            running[number] = _start(_Given(number, flags, listening, said, secret))
    _stop(running)
    return status


def _stop(workers: list[SpawnProcess]) -> None:
    for worker in workers:
        if worker.is_alive():
            worker.terminate()
    limit = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.join(max(0.0, limit - time.monotonic()))
        if worker.is_alive():
            worker.kill()


def _start(given: _Given) -> SpawnProcess:
    # What it is given goes through a pipe: a secret among the arguments could be read by everybody on the machine.
    process = SPAWN.Process(target=_work, args=(given,), name=f"suhbat-{given.number}")
    process.start()
    return process


def _work(given: _Given) -> None:
    threading.Thread(target=_stop_with_the_parent, name="suhbat-parent", daemon=True).start()
    if sys.platform != "win32":
        # Ctrl-C reaches the whole group: the parent tells them.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = None if given.secret is None else Worker(given.number, given.secret)
    # One of them prints where to open the server.
    run(Settings(**given.flags), [given.listening], lambda: given.said.send(True), worker, quiet=given.number > 0)


def _stop_with_the_parent() -> None:
    """Where that was killed nobody looks after this process any more, and it would hold the port."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    signal.raise_signal(signal.SIGTERM)


def _config(settings: Settings, suhbat: ServerApp) -> uvicorn.Config:
    return uvicorn.Config(
        suhbat,
        host=settings.host,
        port=settings.port,
        root_path=settings.root_path or "",
        log_level=settings.log_level,
        # Who a proxy speaks for is decided by `trusted_proxies`; uvicorn would rewrite the address before.
        proxy_headers=False,
        http=guarded(suhbat.connection_limiter, settings.public_url),
        ws=Native,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        lifespan="on",
        server_header=False,
        backlog=BACKLOG,
    )
