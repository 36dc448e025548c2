"""Uploads to a real server: one that is killed in the middle, and many at once."""

from __future__ import annotations

import http.client
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.servers import PATIENCE, running

PIECE = bytes(range(256)) * 4096
"""A megabyte."""


def ask(server: Any, token: str, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    sent = {"authorization": f"Bearer {token}", "tus-resumable": "1.0.0"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer


def account(server: Any, name: str = "ali") -> str:
    status, answer = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": "correct horse battery"})
    assert status == 201, answer
    token: str = answer["token"]
    return token


def files(data: Path) -> list[Path]:
    return [path for path in (data / "files").rglob("*") if path.is_file()]


def test_kill_9_in_the_middle(tmp_path: Path) -> None:
    """After it the upload continues at the acknowledged offset, and the bytes are those that were sent."""
    size = 40 * len(PIECE)
    came, dead = threading.Event(), threading.Event()

    def pieces() -> Any:
        for number in range(40):
            if number == 30:
                came.set()
                dead.wait(PATIENCE)
            yield PIECE

    data = tmp_path / "data"
    with running("suhbat", data) as server:
        token = account(server)
        begun = ask(server, token, "POST", "/api/v1/files", upload_length=str(size))
        place = begun.headers["location"]
        octets = "application/offset+octet-stream"

        def send() -> None:
            with pytest.raises(OSError):  # the server is killed
                ask(server, token, "PATCH", place, pieces(), upload_offset="0", content_type=octets)

        sending = threading.Thread(target=send)
        sending.start()
        assert came.wait(PATIENCE)
        while sum(path.stat().st_size for path in files(data)) < 16 * len(PIECE):  # so 8 MB were acknowledged before
            time.sleep(0.01)
        server.kill()
        dead.set()
        sending.join()
    with running("suhbat", data) as server:
        at = int(ask(server, token, "HEAD", place).headers["upload-offset"])
        assert 8 * len(PIECE) <= at <= 30 * len(PIECE)
        rest = (PIECE * 40)[at:]
        done = ask(server, token, "PATCH", place, rest, upload_offset=str(at), content_type=octets)
        assert (done.status, done.headers["upload-offset"]) == (204, str(size))
        (stored,) = files(data)
        assert stored.read_bytes() == PIECE * 40
