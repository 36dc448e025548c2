"""The bench measures correctly: every frame arrives, is checked and counted, and errors are named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.servers import PATIENCE, ROOT, free_port

from .scripts import measured, script

BENCH = ROOT / "bench"
MEMBERS = 20
FAULTS = {
    "missing": ("1 missing", "continue"),
    "doubled": ("1 doubled_or_late", "await connection.send_text(text)"),
    "damaged": ("1 damaged", 'await connection.send_text(text.replace(\'"message":"\', \'"message":"x\')); continue'),
}
"""What the bench must say, and what a server does before it sends the fortieth frame to its second member."""
V1_FAULTS = {
    "missing": ("missing", "frame.replace(b'message.created', b'other')"),
    "damaged": ("damaged", 'frame.replace(b\'"text":"\', b\'"text":"x\')'),
    "renumbered": ("doubled_or_late", "frame.replace(b'\"seq\":40,', b'\"seq\":39,', 1)"),
}
"""The same, and what a Suhbat makes of the fortieth event."""
V1_APP = """
import main
from suhbat.hub import views
honest = views.encode_event
def event_frame(event):
    frame = honest(event)
    return {fault} if event.seq == 40 else frame
views.encode_event = event_frame
app = main.app
"""
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the generator needs epoll"),
    pytest.mark.timeout(600),
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return script("run", *arguments)


@pytest.fixture(scope="module")
def report() -> Iterator[tuple[str, dict[str, Any]]]:
    """What a short run printed, and the figures it wrote down."""
    before = set((BENCH / "results").glob("*"))
    short = [
        "--load",
        "1x1",
        "--warmup",
        "0.3",
        "--seconds",
        "60",
        "--max-messages",
        "200",
        "--rounds",
        "1",
        "--idle",
        str(MEMBERS),
        "--settle",
        "0.1",
    ]
    done = run("--members", str(MEMBERS), "--only", "c,suhbat-v1", *short)
    written = sorted(set((BENCH / "results").glob("*")) - before)
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        assert [path.suffix for path in written] == [".json", ".md"]
        assert written[0].stem in done.stdout
        yield done.stdout, json.loads(written[0].read_text(encoding="utf-8"))
    finally:
        for path in written:
            path.unlink()


def test_every_server_is_measured(report: tuple[str, dict[str, Any]]) -> None:
    """Each server that was asked for has a row and an idle figure, without a problem."""
    printed, figures = report
    assert [row["server"] for row in figures["rows"]] == ["suhbat-v1", "c"]
    assert [row["server"] for row in figures["idle"]] == ["suhbat-v1", "c"]
    assert not any(row["problem"] for row in figures["rows"] + figures["idle"]), figures
    assert "FAILED" not in printed


def test_every_frame_is_counted(report: tuple[str, dict[str, Any]]) -> None:
    """Each acknowledged message is delivered to every member: deliveries are acknowledgements times members."""
    for row in report[1]["rows"]:
        assert row["acked_per_s"] > 0, row
        acked = row["acked_per_s"] * row["window_s"]
        assert row["frames"] == pytest.approx(acked * MEMBERS, rel=0.02, abs=3 * MEMBERS)
        assert row["frames"] == pytest.approx(row["deliveries_per_s"] * row["window_s"], rel=0.02)
        assert 0 < row["own_p50_ms"] <= row["own_p99_ms"] and 0 < row["all_p50_ms"] <= row["all_p99_ms"]


def test_the_tables(report: tuple[str, dict[str, Any]]) -> None:
    """The guarantees, the absolute figures, those of lone messages, the ratios to the rival and the flush latency of the disk
    are printed."""
    printed, _ = report
    ratios = [f"{what} ÷ C, one send() each" for what in ("deliveries", "CPU/delivery", "p99 to all")]
    for text in (
        "deliveries/s",
        "acked sends/s",
        "RSS KB/connection",
        "fdatasync",
        "CPU µs/message",
        "acknowledges",
        *ratios,
    ):
        assert text in printed
    assert len([line for line in printed.splitlines() if "Suhbat v1, `suhbat serve`" in line]) == 7


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault: str, tmp_path: Path) -> None:
    """A server that loses, doubles or damages one frame of one member has a row with a problem, not a figure."""
    honest = (BENCH / "rivals" / "plain_fastapi.py").read_text(encoding="utf-8")
    loop = "        for connection in self.active_connections:\n"
    assert loop in honest
    finding, done = FAULTS[fault]
    wrong = f"            if '\"seq\":40,' in text and connection is self.active_connections[1]: {done}\n"
    assert finding in problem_of(honest.replace(loop, loop + wrong), "simple", tmp_path)


@pytest.mark.parametrize("fault", V1_FAULTS)
def test_a_fault_is_noticed_in_v1(fault: str, tmp_path: Path) -> None:
    """The same of v1, where events are also numbered."""
    finding, done = V1_FAULTS[fault]
    assert finding in problem_of(V1_APP.format(fault=done), "v1", tmp_path)


def problem_of(app: str, dialect: str, folder: Path) -> str:
    """What the bench says of an ASGI application under uvicorn."""
    (folder / "faulty.py").write_text(app, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "faulty:app", "--host", "127.0.0.1", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
    environment |= {"PYTHONPATH": str(ROOT), "SUHBAT_SEND_RATE": "0", "SUHBAT_DATA": str(folder / "data")}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            limit = time.monotonic() + PATIENCE
            while "Uvicorn running" not in (folder / "log").read_text(encoding="utf-8"):
                assert time.monotonic() < limit and server.poll() is None
                time.sleep(0.05)
            problem: str = measured(server.pid, port, dialect, folder)["problem"]
        finally:
            server.terminate()
    return problem


def test_an_unknown_server_is_refused() -> None:
    """A name that no server has is refused at once, and said."""
    done = run("--only", "suhbat,apache")
    assert done.returncode == 2 and "unknown server apache" in done.stderr


def test_a_data_directory_in_memory_is_refused() -> None:
    """Where a flush costs nothing nothing durable can be measured: a directory on tmpfs is refused."""
    with TemporaryDirectory(dir="/dev/shm") as in_memory:
        done = run("--only", "suhbat", "--data-root", in_memory)
    assert done.returncode == 1 and "is on tmpfs" in done.stderr
