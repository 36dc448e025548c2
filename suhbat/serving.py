"""Running the server: one process, or several on one port that a parent looks after."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from multiprocessing import get_context, parent_process
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
BACKLOG = 16_384
"""Connections that wait to be accepted; the system may allow fewer (Linux: net.core.somaxconn)."""
STOP_SECONDS = 15.0
RESTART_SECONDS = 1.0


class Server(uvicorn.Server):
    """uvicorn's, which lets the others take over before it stops; and stops when it can do nothing but that."""

    def __init__(self, config: uvicorn.Config, suhbat: Suhbat) -> None:
        super().__init__(config)
        self._suhbat = suhbat
        self.has_failed = False

    async def on_tick(self, counter: int) -> bool:
        self.has_failed = self._suhbat.has_failed
        return await super().on_tick(counter) or self.has_failed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._suhbat.drain()
        await super().shutdown(sockets)


def run(settings: Settings, sockets: list[socket.socket] | None = None) -> None:
    """Serve until told to stop. Raises SystemExit(1) where it stopped because it could not go on, so that it is started
    anew."""
    suhbat = create_app(settings)
    server = _server(settings, suhbat)
    server.run(sockets)
    if server.has_failed:
        raise SystemExit(1)


def run_workers(settings: Settings, flags: dict[str, Any]) -> None:
    """Serve with several processes, and start again those that die. `flags`: what the settings were made with."""
    suhbat = create_app(settings)
    listening = _server(settings, suhbat).config.bind_socket()
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    workers = [_start(number, flags, listening) for number in range(settings.workers)]
    while not stopping:
        time.sleep(0.1)
        for number, worker in enumerate(workers):
            if not worker.is_alive() and not stopping:
                startup.tell(f"worker {worker.pid} has ended ({worker.exitcode}); another one is started")
                time.sleep(RESTART_SECONDS)
                workers[number] = _start(number, flags, listening)
    for worker in workers:
        if worker.is_alive():
            worker.terminate()
    limit = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.join(max(0.0, limit - time.monotonic()))
        if worker.is_alive():
            worker.kill()
    listening.close()


def _start(number: int, flags: dict[str, Any], listening: socket.socket) -> SpawnProcess:
    # Not forked: that is not there everywhere, and copies what a thread may hold.
    worker = get_context("spawn").Process(target=_work, args=(number, flags, listening), name=f"suhbat-{number}")
    worker.start()
    return worker


def _work(number: int, flags: dict[str, Any], listening: socket.socket) -> None:
    startup.quiet = number > 0  # one of them says where to open it
    threading.Thread(target=_stop_with_the_parent, name="suhbat-parent", daemon=True).start()
    if sys.platform != "win32":
        # Ctrl-C reaches the whole group: the parent tells them.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    run(Settings(**flags), [listening])


def _stop_with_the_parent() -> None:
    """Where that was killed nobody looks after this process any more, and it would hold the port."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    signal.raise_signal(signal.SIGTERM)


def _server(settings: Settings, suhbat: Suhbat) -> Server:
    return Server(
        uvicorn.Config(
            suhbat,
            host=settings.host,
            port=settings.port,
            log_level=settings.log_level,
            # Who a proxy speaks for is decided by `trusted_proxies`; uvicorn would rewrite the address before.
            proxy_headers=False,
            http=guarded(),
            ws=Native,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            lifespan="on",
            server_header=False,
            backlog=BACKLOG,
        ),
        suhbat,
    )
