"""The bench measures what it says: every frame arrives, is checked and counted, and what is wrong is named."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.servers import ROOT, free_port

BENCH = ROOT / "bench"
MEMBERS = 20
FAULTS = {
    "missing": ("1 missing", "continue"),
    "doubled": ("1 doubled_or_late", "await connection.send_text(text)"),
    "damaged": ("1 damaged", 'await connection.send_text(text.replace(\'"message":"\', \'"message":"x\')); continue'),
}
"""What the bench must say, and what a server does before it sends the fortieth frame to its second member."""
MEASURE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from generator import Load, measure
from servers import Running
row = measure(Running(int(sys.argv[2]), int(sys.argv[3])), None, 5, Load(1, 4), 0.5, 0.2)
print(json.dumps(row._asdict()))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the generator needs epoll")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "bench/run.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150)


@pytest.fixture(scope="module")
def report() -> Iterator[tuple[str, dict[str, Any]]]:
    """What a short run printed, and the figures it wrote down."""
    before = set((BENCH / "results").glob("*"))
    short = ["--load", "1x1", "--seconds", "1", "--rounds", "1", "--idle", str(MEMBERS)]
    done = run("--members", str(MEMBERS), "--only", "plain,suhbat", *short)
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
    assert [row["server"] for row in figures["rows"]] == ["suhbat", "plain"]
    assert {row["server"] for row in figures["idle"]} == {"suhbat", "plain"}
    assert not any(row["problem"] for row in figures["rows"] + figures["idle"]), figures
    assert "FAILED" not in printed


def test_every_frame_is_counted(report: tuple[str, dict[str, Any]]) -> None:
    """Each acknowledged message is delivered to every member: deliveries are acknowledgements times members."""
    for row in report[1]["rows"]:
        assert row["acked_per_s"] > 20, row
        assert row["deliveries_per_s"] == pytest.approx(row["acked_per_s"] * MEMBERS, rel=0.02, abs=3 * MEMBERS)
        assert row["frames"] == pytest.approx(row["deliveries_per_s"], rel=0.2)
        assert 0 < row["own_p50_ms"] <= row["own_p99_ms"] and 0 < row["all_p50_ms"] <= row["all_p99_ms"]


def test_the_tables(report: tuple[str, dict[str, Any]]) -> None:
    """The absolute figures, the ratios to the plain loop and the flush latency of the disk are printed."""
    printed, _ = report
    for text in ("deliveries/s", "acked sends/s", "deliveries ÷ plain FastAPI loop", "RSS KB/connection", "fdatasync"):
        assert text in printed
    assert len([line for line in printed.splitlines() if "`suhbat serve`" in line]) == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault: str, tmp_path: Path) -> None:
    """A server that loses, doubles or damages one frame of one member has a row with a problem, not a figure."""
    honest = (BENCH / "rivals" / "plain_fastapi.py").read_text(encoding="utf-8")
    loop = "        for connection in self.active_connections:\n"
    assert loop in honest
    finding, done = FAULTS[fault]
    wrong = f"            if '\"seq\":40,' in text and connection is self.active_connections[1]: {done}\n"
    (tmp_path / "faulty.py").write_text(honest.replace(loop, loop + wrong), encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "faulty:app", "--host", "127.0.0.1", "--port", str(port)]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log) as server,
    ):
        try:
            limit = time.monotonic() + 30
            while "Uvicorn running" not in (tmp_path / "log").read_text(encoding="utf-8"):
                assert time.monotonic() < limit and server.poll() is None
                time.sleep(0.05)
            measured = subprocess.run(
                [sys.executable, "-c", MEASURE, str(BENCH), str(server.pid), str(port)],
                capture_output=True,
                text=True,
                timeout=120,
            )
        finally:
            server.terminate()
    assert measured.returncode == 0, measured.stderr
    assert finding in json.loads(measured.stdout)["problem"]


def test_an_unknown_server_is_refused() -> None:
    """A name that no server has is refused at once, and said."""
    done = run("--only", "suhbat,apache")
    assert done.returncode == 2 and "unknown server apache" in done.stderr


def test_a_data_directory_in_memory_is_refused() -> None:
    """Where a flush costs nothing nothing durable can be measured: a directory on tmpfs is refused."""
    with TemporaryDirectory(dir="/dev/shm") as in_memory:
        done = run("--only", "suhbat", "--data-root", in_memory)
    assert done.returncode == 1 and "is on tmpfs" in done.stderr
