"""Clients that others wrote, in short. The full size is in `make proof`."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import PATIENCE, running
from tests.uploading import FileClient, account

from . import stock


async def test_tus_js_client(tmp_path: Path) -> None:
    """tus-js-client uploads through cut connections and a kill -9 of the server, in one request and in pieces of 5 MB. No
    acknowledged offset is lost, and others get the same bytes."""
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    counted = await stock.run(tmp_path, seed, megabytes=12, cuts=2, kills=1)
    print(dict(counted))
    assert counted["connections cut"] == 2 * len(stock.CHUNKS) and counted["kill -9"] == len(stock.CHUNKS)
    assert counted["resumed"] >= 3 * len(stock.CHUNKS)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(tmp_path: Path) -> None:
    """The line of docs/reference/http.md uploads a file, whose bytes come back the same."""
    data = random.Random(1).randbytes(3_000_000)
    (tmp_path / "photo.jpg").write_bytes(data)
    with running("suhbat", tmp_path / "data") as server:
        ali = FileClient(server.port, account(server, "ali"))
        line = ["curl", "-sS", "-H", f"Authorization: Bearer {ali.token}", "-F", "file=@photo.jpg"]
        command = [*line, f"{server.url}/api/v1/files"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=True)
        file = ali.ready(json.loads(done.stdout)["file"]["id"])
        assert (file["name"], file["size"], file["type"]) == ("photo.jpg", len(data), "application/octet-stream")
        assert ali.digest(file["url"]) == (200, hashlib.sha256(data).hexdigest())
