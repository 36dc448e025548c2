"""Stopping while a client reads nothing."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.servers import BUSY, Server
from tests.system.raw import Raw

from .parts import TUTORIAL_ALONE, Everywhere, name, reading_nothing, started

SOON = 15.0
"""An idle machine needs two seconds here; the real deadline is about six."""
FOR_EVER = 5.0
"""After this time the tutorial's chat counts as never ending."""


def waits_when_stopped(server: Server) -> bool:
    """Is the process still there long after SIGTERM, or did the clients that read get no 1012?"""
    assert server.process is not None
    with reading_nothing(server), Raw(server.port, f"/ws/{name('listener')}") as listener:
        began = time.monotonic()
        server.process.terminate()
        if listener.closed() != 1012:
            return True
        try:
            seconds = FOR_EVER if server.kind == "tutorial" else SOON + BUSY
            server.process.wait(max(0.0, began + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            return True
    return False


def test_stopping_does_not_wait_for_clients(tmp_path: Path) -> None:
    """The server ends within seconds, and tells clients to reconnect (1012). uvicorn waits for ever for a client that
    reads nothing, unless it has a limit."""
    with started(tmp_path) as servers:
        assert Everywhere(servers)(waits_when_stopped) == TUTORIAL_ALONE
