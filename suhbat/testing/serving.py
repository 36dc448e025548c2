"""A real server on loopback, in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from suhbat.config import Settings
from suhbat.runtime.startup import LISTENING

from .people import PATIENCE_SECONDS, TestServer


def settings(data: Path | str, **others: Any) -> Settings:
    """Settings for tests: everything is kept in `data`, and nothing is limited, whatever the environment and suhbat.toml say.
    `others`: further settings by name."""
    free = {"send_rate": 0, "address_rate": 0, "room_rate": 0, "connections_per_address": 0, "guests_per_address": 0}
    return Settings(data=Path(data), **{**free, **others})


@contextmanager
def serving(app: Any, path: str = "") -> Iterator[TestServer]:
    """Serve an ASGI application on a free port of 127.0.0.1, in a thread, with its lifespan. `path`: where Suhbat is mounted in
    it, such as "/chat". Raises RuntimeError if it does not start."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(app, port=port, log_level="warning", lifespan="on", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)

        def run() -> None:
            LISTENING.set((config.host, port))  # in the context of this thread alone
            server.run([listener])

        thread = threading.Thread(target=run, name="suhbat-test-server", daemon=True)
        thread.start()
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while not server.started:
                if not thread.is_alive() or time.monotonic() > until:
                    raise RuntimeError("the application did not start; its log says why")
                time.sleep(0.01)
            yield TestServer(f"http://127.0.0.1:{port}", path)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_SECONDS)
