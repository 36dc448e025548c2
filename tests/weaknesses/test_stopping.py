"""Stopping, while somebody reads nothing."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.servers import Server
from tests.system.raw import Raw

from .parts import TUTORIAL_ALONE, Everywhere, name, reading_nothing, started

PATIENCE = 15.0
"""Two seconds would do here, on a machine that does nothing else; really it is about six."""
FOR_EVER = 5.0
"""What counts as that for the tutorial's chat, which nothing would end."""


def waits_when_stopped(server: Server) -> bool:
    """Is the process still there long after SIGTERM, or did those who listen hear no 1012?"""
    assert server.process is not None
    with reading_nothing(server), Raw(server.port, f"/ws/{name('listener')}") as listener:
        began = time.monotonic()
        server.process.terminate()
        if listener.closed() != 1012:
            return True
        try:
            server.process.wait(began + (FOR_EVER if server.kind == "tutorial" else PATIENCE) - time.monotonic())
        except subprocess.TimeoutExpired:
            return True
    return False


def test_stopping_waits_for_nobody(tmp_path: Path) -> None:
    """The server is gone within seconds, and tells those who listen to come back (1012). uvicorn waits for ever for who
    reads nothing, unless it is given a limit."""
    with started(tmp_path) as servers:
        assert Everywhere(servers)(waits_when_stopped) == TUTORIAL_ALONE
