"""Echo servers for each transport, with and without limits and compression, started at the first use."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.servers import PATIENCE, ROOT, free_port

PortOf = Callable[..., int]


@pytest.fixture(scope="session")
def port_of() -> Iterator[PortOf]:
    """`port_of("native")`; with `limits="on"` it has the limits of the chat; `compression="on"` likewise."""
    running: dict[tuple[str, str, str], tuple[subprocess.Popen[bytes], int]] = {}

    def find(transport: str, limits: str = "off", compression: str = "off") -> int:
        kind = transport, limits, compression
        if kind not in running:
            running[kind] = _start(*kind)
        return running[kind][1]

    try:
        yield find
    finally:
        for process, _ in running.values():
            process.kill()  # nothing of it is kept
            process.wait(PATIENCE)


def _start(transport: str, limits: str, compression: str) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command = [sys.executable, "-m", "tests.echo", "--transport", transport, "--port", str(port)]
    command += ["--limits", limits, "--compression", compression]
    process = subprocess.Popen(command, cwd=ROOT)
    began = time.monotonic()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, port
        except OSError:
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                process.kill()
                process.wait()
                raise AssertionError(f"the echo over {transport} did not start") from None
        time.sleep(0.02)
