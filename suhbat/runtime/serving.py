"""Runs the server under uvicorn: in this process, or in several worker processes on one port that a parent supervises."""

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

from .app import ServerApp, create_app
from .metrics import workers
from .startup import Worker, local_url, print_line

SHUTDOWN_SECONDS = 5
"""The time from the request to stop until open requests and connections are cut off."""
BACKLOG = 16_384
"""Connections that may wait to be accepted. The system may allow fewer (Linux: net.core.somaxconn)."""
STOP_SECONDS = 15.0
"""How long the workers have to stop before the parent kills them."""
RESTART_SECONDS = 1.0
"""The pause before a worker is replaced."""
SPAWN = get_context("spawn")
"""Workers are not forked: not every system can, and a fork copies locks that a thread may hold."""


class UvicornServer(uvicorn.Server):
    """uvicorn's server, which also calls `ready` once it accepts requests, drains before it stops, and stops when the store
    has failed for good (`has_failed`)."""

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
        # Draining has used up a part of the time. The store needs the rest.
        self.config.timeout_graceful_shutdown = max(1, SHUTDOWN_SECONDS - round(time.monotonic() - began))
        await super().shutdown(sockets)


class _WorkerStart(NamedTuple):
    """The arguments that the parent sends to a worker. `flags`: the arguments of `Settings`. `ready_sender`: reports readiness.
    `secret`: None if another server on the data directory serves the command line."""

    number: int
    flags: dict[str, Any]
    listening: socket.socket
    ready_sender: Connection
    secret: str | None


def refusal(settings: Settings, platform: str = sys.platform) -> str | None:
    """Why these settings do not allow several workers; None if they do, or ask for one."""
    if settings.workers == 1:
        return None
    if settings.bus_url is None or settings.database_url is None:
        return (
            f"workers = {settings.workers} needs bus_url and database_url: without a bus, messages would reach people on other "
            "workers late, and a SQLite file belongs to one process. Use one worker; it serves thousands of connections."
        )
    if platform == "win32":
        return (
            f"workers = {settings.workers} is not possible on Windows, where a socket accepts connections for one process only "
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
    """Serve until a signal to stop. `ready` is called once the server accepts requests. `worker`, `quiet`: see
    `app.create_app`. Raises SystemExit(1) if the store has failed for good, so that a supervisor restarts the process."""
    suhbat = create_app(settings, worker=worker, quiet=quiet)
    server = UvicornServer(_config(settings, suhbat), suhbat, ready)
    server.run(sockets)
    if server.has_failed:
        raise SystemExit(1)


def run_workers(settings: Settings, flags: dict[str, Any]) -> None:
    """Serve with several processes and replace those that end. `flags`: the arguments that `settings` were made with.

    Raises SystemExit if a worker ends before any was ready: its replacement would end as well.
    """
    listening = _config(settings, create_app(settings)).bind_socket()
    try:
        with _published_control(settings, listening.getsockname()[1]) as secret:
            status = _supervise(settings.workers, flags, listening, secret)
    finally:
        listening.close()
    if status:
        sys.exit(status)


@contextmanager
def _published_control(settings: Settings, port: int) -> Iterator[str | None]:
    """As `startup.published_control`, for all workers. They share the secret, because any of them may get a command. None
    if another server on the data directory serves the command line."""
    with ExitStack() as stack:
        secret = None
        try:
            stack.enter_context(owned(settings.data))
            control = Control(settings.data)
            secret = control.begin(local_url(settings, port))
            stack.callback(control.end)
            workers.begin(settings.data)
        except (OSError, UnusableStore) as error:
            print_line(f"suhbat: the command line cannot find this server: {error}")
        yield secret


def _supervise(count: int, flags: dict[str, Any], listening: socket.socket, secret: str | None) -> int:
    """Run `count` workers until a signal to stop. Returns the exit status."""
    ready_receiver, ready_sender = SPAWN.Pipe(duplex=False)
    was_ready = stopping = False
    status = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    running = [_start(_WorkerStart(number, flags, listening, ready_sender, secret)) for number in range(count)]
    while not stopping:
        time.sleep(0.1)
        while ready_receiver.poll():
            was_ready = ready_receiver.recv()
        for number, worker in enumerate(running):
            if worker.is_alive() or stopping:
                continue
            if not was_ready:
                print_line(f"worker {worker.pid} has ended ({worker.exitcode}) before the server was ready: see above")
                status, stopping = max(1, worker.exitcode or 0), True
                continue
            print_line(f"worker {worker.pid} has ended ({worker.exitcode}); another one is started")
            time.sleep(RESTART_SECONDS)
            running[number] = _start(_WorkerStart(number, flags, listening, ready_sender, secret))
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


def _start(start: _WorkerStart) -> SpawnProcess:
    # `spawn` sends this through a pipe. A secret on the command line could be read by every user of the machine.
    process = SPAWN.Process(target=_run_worker, args=(start,), name=f"suhbat-{start.number}")
    process.start()
    return process


def _run_worker(start: _WorkerStart) -> None:
    threading.Thread(target=_stop_with_parent, name="suhbat-parent", daemon=True).start()
    if sys.platform != "win32":
        # Ctrl-C reaches the whole process group; the parent stops its workers.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = None if start.secret is None else Worker(start.number, start.secret)
    # Only the first worker prints the welcome.
    run(
        Settings(**start.flags),
        [start.listening],
        lambda: start.ready_sender.send(True),
        worker,
        quiet=start.number > 0,
    )


def _stop_with_parent() -> None:
    """Stop this worker when its parent has ended, even if it was killed; otherwise the worker would keep the port."""
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
        # `trusted_proxies` decides about forwarded addresses; uvicorn would replace the address before.
        proxy_headers=False,
        http=guarded(suhbat.connection_limiter, settings.public_url),
        ws=Native,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        lifespan="on",
        server_header=False,
        backlog=BACKLOG,
    )
