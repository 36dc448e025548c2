"""The brokers that Suhbat is compared with are measured like the other servers: every message counts, once and in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers import ROOT, free_port

from .scripts import measured, script, table_lines

FAULTS = {
    "missing": "1 missing",
    "doubled": "1 doubled_or_late",
    "damaged": "1 damaged",
    "answered twice": "1 damaged",
}
"""What the bench must say, by the fault of the broker in `nats_broker`."""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the generator needs epoll"),
    pytest.mark.timeout(600),
]


def row_of(framing: str, dialect: str, fault: str, folder: Path) -> dict[str, Any]:
    """What the bench finds of a broker with this fault."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.nats_broker", str(port), framing, fault]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as broker:
        try:
            assert broker.stdout and broker.stdout.readline() == b"ready\n"
            return measured(broker.pid, port, dialect, folder)
        finally:
            broker.terminate()


@pytest.mark.parametrize(
    ("framing", "dialect"), [("websocket", "jetstream"), ("bare", "jetstream-tcp"), ("bare", "nats-tcp")]
)
def test_messages_in_pieces(framing: str, dialect: str, tmp_path: Path) -> None:
    """Messages are counted although none ends where a frame or a read ends."""
    row = row_of(framing, dialect, "none", tmp_path)
    assert not row["problem"] and row["frames"] > 5 and row["acked_per_s"] > 0, row


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault: str, tmp_path: Path) -> None:
    """A broker that loses, doubles or damages one message, or answers one twice, has a problem, not a figure."""
    assert FAULTS[fault] in row_of("websocket", "jetstream", fault, tmp_path)["problem"]


def test_brokers_are_measured() -> None:
    """NATS is measured in one run, durable and not, in a room, alone and with conversations of one each; each row says what it
    guarantees."""
    window = ("--max-messages", "300", "--seconds", "60", "--warmup", "0.2", "--rounds", "1", "--idle", "0")
    keys = "nats,jetstream,jetstream-always,jetstream-first,jetstream-always-tcp"
    done = script("run", "--only", keys, "--members", "2", "--load", "1x1", "--sends", *window)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [row for row in table_lines(done.stdout) if row[:2] == ["2", "1×1"] and len(row) > 10]
    assert [row[2] for row in rows] == [
        "NATS core",
        "JetStream, file",
        "JetStream, flushed",
        "JetStream, flushed first",
        "JetStream, flushed, TCP",
    ]
    guarantees = {row[0]: row[1:] for row in table_lines(done.stdout) if len(row) == 6}
    assert guarantees["NATS core"][0] == "no" and "before delivery" in guarantees["JetStream, flushed first"][0]
    assert len([row for row in forget(done.stdout)["rows"] if row["load"] == "1000×4 own"]) == 4


@pytest.mark.skipif("BENCH_CENTRIFUGE" in os.environ, reason="its source is at hand")
def test_only_its_row_fails_when_a_server_cannot_be_had() -> None:
    """A server whose parts cannot be had has a row that says so; the others are measured."""
    window = ("--max-messages", "100", "--seconds", "60", "--warmup", "0.1", "--rounds", "1", "--idle", "0")
    done = script("run", "--only", "c,centrifuge-later", "--members", "2", "--load", "1x1", *window)
    assert (
        done.returncode == 1
        and "FAILED** centrifuge 0.29, 2, 1×1: BENCH_CENTRIFUGE names no Go workspace" in done.stdout
    )
    found = [(row["server"], bool(row["problem"])) for row in forget(done.stdout)["rows"]]
    assert found == [("c", False), ("centrifuge-later", True)]


def forget(printed: str) -> dict[str, Any]:
    """Removes the files that a run has written; returns their figures."""
    written = ROOT / printed.rpartition("written to ")[2].partition(" and ")[0]
    figures: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    for path in (written, written.with_suffix(".md")):
        path.unlink()
    return figures
