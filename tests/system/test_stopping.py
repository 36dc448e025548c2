"""Starting beside another server or with too many processes, and stopping with clients connected."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.servers import BUSY, COMMANDS, PATIENCE, ROOT, Server, free_port, running

from .raw import Raw, simple


@pytest.fixture(scope="module", params=["suhbat", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with default settings, for the tests that need no other."""
    with running(request.param, tmp_path_factory.mktemp("stopping") / "data") as running_server:
        yield running_server


def test_two_processes_on_one_directory(server: Server) -> None:
    """The second process, started in the other way, ends at once, says which process owns the directory, and does not
    harm the first."""
    status, said = _run({"suhbat": "uvicorn", "uvicorn": "suhbat"}[server.kind], SUHBAT_DATA=str(server.data))
    assert server.process is not None
    assert status not in (0, None)
    assert f"{server.data} is in use by another Suhbat process (pid {server.process.pid})" in said
    assert "Traceback" not in said
    assert server.request("GET", "/readyz")[0] == 200


def test_two_workers_are_refused(tmp_path: Path) -> None:
    """`uvicorn main:app --workers 2` without a bus ends with the reason, and creates no database."""
    status, said = _run("uvicorn", "--workers", "2", SUHBAT_DATA=str(tmp_path / "data"))
    assert status is not None
    assert "2 workers need a bus (the setting bus_url)" in said and "Traceback" not in said
    assert not (tmp_path / "data").exists()
    status, said = _run("suhbat", "--workers", "2", SUHBAT_DATA=str(tmp_path / "data"))
    assert status == 2 and "workers = 2 needs bus_url" in said


def _run(kind: str, *options: str, **environment: str) -> tuple[int | None, str]:
    """Run a server that should not start: its exit status (None if it had to be killed) and its output."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SUHBAT_")}
    command = [part.format(port=free_port()) for part in COMMANDS[kind]]
    with subprocess.Popen(
        [sys.executable, *command, *options],
        cwd=ROOT,
        env=inherited | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            said, _ = process.communicate(timeout=PATIENCE)
            return process.returncode, said.decode()
        except subprocess.TimeoutExpired:
            process.terminate()
            return None, process.communicate(timeout=PATIENCE)[0].decode()


@pytest.mark.parametrize("kind", ["suhbat", "uvicorn"])
def test_stopping(kind: str, tmp_path: Path) -> None:
    """SIGTERM with clients connected, one of whom never reads: the others get 1012, over an event stream too, the process
    ends within 10 s, and the next start has all messages, under the same epoch."""
    server = Server(kind, tmp_path / "data", settings={"SUHBAT_SEND_RATE": "0"})
    server.start()
    try:
        with (
            simple(server.port, "listener") as listener,
            Raw(server.port, "/api/v1/ws") as v1,
            simple(server.port, "deaf", deaf=True),
            Raw(server.port, "/api/v1/ws") as nobody,
        ):
            token = server.guest("member")
            v1.say({"type": "hello", "id": 0, "token": token})
            epoch = v1.hear()["epoch"]
            for number in range(150):
                listener.say({"message": f"{number} " + "x" * 3_000})
            for number in range(150):
                assert listener.until("message")["message"].startswith(f"{number} ")
            stream = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
            stream.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {token}"})
            events = stream.getresponse()
            assert server.process is not None
            server.process.terminate()
            began = time.monotonic()
            told = events.read().decode()
            assert 'event: close\ndata: {"code":1012,"reason":"restart"}' in told
            cursor = re.findall("id: (.*)", told)[-1]
            stream.close()
            for raw in (listener, v1, nobody):
                assert raw.closed() == 1012
            server.process.wait(PATIENCE)
            assert time.monotonic() - began < 10 + BUSY
        assert "Traceback" not in server.printed()
        server.start()
        with Raw(server.port, "/api/v1/ws") as raw:
            raw.say({"type": "hello", "id": 0, "token": token})
            assert raw.hear()["epoch"] == epoch
            (lobby,) = raw.until("snapshot")["conversations"]
            assert lobby["head"] == 150
        _, answer = server.request("GET", f"/api/v1/events?wait=0&cursor={quote(cursor)}", token=token)
        assert answer["frames"][0]["resumed"] is True, "a cursor is valid after a restart"
        assert server.stop() in (0, -15)
        assert not list(server.data.glob("*-wal")), "a clean stop leaves one whole file"
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
