"""Running the server: one process, or several on one port that a parent looks after."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

import uvicorn

from suhbat import startup
from suhbat.app import Suhbat, create_app
from suhbat.config import Settings
from suhbat.transport.http_guard import guarded
from suhbat.transport.native import Native

SHUTDOWN_SECONDS = 5
"""From the request to stop until requests and connections that are still open are cut off."""
BACKLOG = 16_384
"""Connections that wait to be accepted; the system may allow fewer (Linux: net.core.somaxconn)."""
STOP_SECONDS = 15.0
RESTART_SECONDS = 1.0
SPAWN = get_context("spawn")
"""Workers are not forked: that is not there everywhere, and copies what a thread may hold."""


class Server(uvicorn.Server):
    """uvicorn's, which says when it is `ready`, lets the others take over before it stops, and stops when it can do nothing
    but that."""

    def __init__(self, config: uvicorn.Config, suhbat: Suhbat, ready: Callable[[], None]) -> None:
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


def run(
    settings: Settings, sockets: list[socket.socket] | None = None, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until told to stop. `ready` is called when it takes requests. Raises SystemExit(1) where it stopped because it
    could not go on, so that it is started anew."""
    suhbat = create_app(settings)
    server = Server(_config(settings, suhbat), suhbat, ready)
    server.run(sockets)
    if server.has_failed:
        raise SystemExit(1)


def run_workers(settings: Settings, flags: dict[str, Any]) -> None:
    """Serve with several processes, and start again those that die. `flags`: what the settings were made with.

    Raises SystemExit when one ends before any was ready: what keeps it from starting would keep the next one too.
    """
    listening = _config(settings, create_app(settings)).bind_socket()
    heard, said = SPAWN.Pipe(duplex=False)
    was_ready = stopping = False
    status = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    workers = [_start(number, flags, listening, said) for number in range(settings.workers)]
    while not stopping:
        time.sleep(0.1)
        while heard.poll():
            was_ready = heard.recv()
        for number, worker in enumerate(workers):
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
            workers[number] = _start(number, flags, listening, said)
    _stop(workers)
    listening.close()
    if status:
        sys.exit(status)


def _stop(workers: list[SpawnProcess]) -> None:
    for worker in workers:
        if worker.is_alive():
            worker.terminate()
    limit = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.join(max(0.0, limit - time.monotonic()))
        if worker.is_alive():
            worker.kill()


def _start(number: int, flags: dict[str, Any], listening: socket.socket, said: Connection) -> SpawnProcess:
    worker = SPAWN.Process(target=_work, args=(number, flags, listening, said), name=f"suhbat-{number}")
    worker.start()
    return worker


def _work(number: int, flags: dict[str, Any], listening: socket.socket, said: Connection) -> None:
    startup.quiet = number > 0  # one of them says where to open it
    threading.Thread(target=_stop_with_the_parent, name="suhbat-parent", daemon=True).start()
    if sys.platform != "win32":
        # Ctrl-C reaches the whole group: the parent tells them.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    run(Settings(**flags), [listening], lambda: said.send(True))


def _stop_with_the_parent() -> None:
    """Where that was killed nobody looks after this process any more, and it would hold the port."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    signal.raise_signal(signal.SIGTERM)


def _config(settings: Settings, suhbat: Suhbat) -> uvicorn.Config:
    return uvicorn.Config(
        suhbat,
        host=settings.host,
        port=settings.port,
        root_path=settings.root_path or "",
        log_level=settings.log_level,
        # Who a proxy speaks for is decided by `trusted_proxies`; uvicorn would rewrite the address before.
        proxy_headers=False,
        http=guarded(),
        ws=Native,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        lifespan="on",
        server_header=False,
        backlog=BACKLOG,
    )
