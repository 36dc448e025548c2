"""The browser's JavaScript: its own tests under Node, its types, and the SDK compared with Python and on a real server."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.node import NODE, packages
from tests.servers import PATIENCE, ROOT, Server, running
from tests.store.parts import sqlite
from tests.store.test_fold import HISTORY, Step
from tests.web.histories import RecordingTheatre
from tests.web.rights import cases

WEB = ROOT / "tests" / "web"
HISTORIES = min(200, int(os.environ.get("SUHBAT_HISTORIES", "15")))
"""The number of random histories. `make proof` asks for many more; one Node process gets at most this many at a time."""


def node(*arguments: str | Path) -> str:
    """Run a program that must succeed; gives its output."""
    done = subprocess.run(
        [NODE, *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_modules() -> None:
    """Every file tests/web/*.test.mjs passes."""
    tests = sorted(WEB.glob("*.test.mjs"))
    assert tests
    packages()
    node("--test", *tests)


def test_the_types() -> None:
    """TypeScript in its strictest mode finds nothing wrong with the types in comments."""
    node(packages() / "typescript" / "bin" / "tsc", "-p", "jsconfig.json")


def test_the_oldest_browsers() -> None:
    """No module and no style sheet uses a feature that the browsers of docs/web.md lack."""
    packages()
    node(WEB / "oldest.mjs")


def test_rights(tmp_path: Path) -> None:
    """The page offers an action exactly to those to whom the server permits it, in every kind of conversation, with every role
    in it and on the server."""
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(cases()), encoding="utf-8")
    seen = json.loads(node(WEB / "rights.mjs", path))
    assert all(refused and permitted for refused, permitted in seen.values()), seen


def test_random_histories(tmp_path: Path) -> None:
    """The old state plus events equals the state fetched afresh, in JavaScript as in Python, frame by frame. This holds
    over reconnects with a restored state, and for a second tab that starts with the state of the first."""
    theatre = RecordingTheatre(sqlite, tmp_path / "data")

    @settings(
        max_examples=HISTORIES,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(history=HISTORY, seed=st.integers(0, 2**16))
    def play(history: list[Step], seed: int) -> None:
        theatre.runner.run(theatre.run(history, seed))

    try:
        play()
    finally:
        theatre.close()
    recordings = tmp_path / "recordings.jsonl"
    with recordings.open("w", encoding="utf-8") as file:
        for steps in theatre.recordings:
            file.write(json.dumps(steps) + "\n")
    seen = json.loads(node(WEB / "histories.mjs", recordings))
    # Each of the eight people of each history connects at least once, and half of them resume with cursors.
    assert seen["fresh"] >= 8 * HISTORIES and seen["resumed"] >= 4 * HISTORIES and seen["tabs"] > HISTORIES, seen


class Program:
    """tests/web/real.mjs as a child process. `heard`: every line it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self.heard: list[Any] = []
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def write(self, text: str) -> None:
        """Send a message to the lobby."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()

    def wait(self, what: object, count: int) -> list[Any]:
        """Wait until it has printed this word so many times; gives each line without the word."""
        while len(told := [line[1:] for line in self.heard if line[0] == what]) < count:
            self.heard.append(json.loads(self._lines.get(timeout=PATIENCE)))
        return told

    def _read(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._lines.put(line)


@contextmanager
def program(server: Server, name: str) -> Iterator[Program]:
    """A guest's chat for the length of a test. It must exit without an error."""
    command = [NODE, WEB / "real.mjs", f"{server.url}/", server.guest(name)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Program(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


def test_a_real_server(tmp_path: Path) -> None:
    """Two chats in Node on real sockets: one goes on sending while the server is stopped and once killed. Every send
    gets its reply, every message is stored once, and both chats get each once and in order, without a snapshot or a
    reset."""
    with (
        running("suhbat", tmp_path / "data") as server,
        program(server, "anna") as anna,
        program(server, "bobur") as bobur,
    ):
        for chat in (anna, bobur):
            chat.wait("snapshot", 1)
        written: list[str] = []
        for go in (server.stop, server.kill):
            for number in range(20):
                written.append(f"{go.__name__} {number}")
                anna.write(written[-1])
                if number == 10:
                    go()
            server.start()
            bobur.wait("message", len(written))
        numbered = [[seq, text] for seq, text in enumerate(written, start=1)]
        assert sorted(anna.wait("ok", len(written))) == numbered
        for chat in (anna, bobur):
            assert chat.wait("message", len(written)) == numbered
            assert [line for line in chat.heard if line[0] in ("snapshot", "reset")] == [["snapshot"]]
            assert ["status", "offline", 1012] in chat.heard and ["status", "offline", 1006] in chat.heard
