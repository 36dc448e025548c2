"""The browser's JavaScript: its own tests under Node, its types, and the SDK against what Python knows and a real server."""

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

WEB = ROOT / "tests" / "web"
HISTORIES = min(200, int(os.environ.get("SUHBAT_HISTORIES", "15")))
"""Of `make proof`, which asks for many, as many as one program of Node is given at a time."""


def node(*arguments: str | Path) -> str:
    """Run a program that must succeed; what it printed."""
    done = subprocess.run(
        [NODE, *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_modules() -> None:
    """tests/web/*.test.mjs pass, every file of them."""
    tests = sorted(WEB.glob("*.test.mjs"))
    assert tests
    packages()
    node("--test", *tests)


def test_the_types() -> None:
    """TypeScript, as strict as it can be, finds nothing in the types that stand in comments."""
    node(packages() / "typescript" / "bin" / "tsc", "-p", "jsconfig.json")


def test_the_oldest_browsers() -> None:
    """No module and no style sheet of the page has anything that the browsers of docs/web.md do not know."""
    packages()
    node(WEB / "oldest.mjs")


def test_random_histories(tmp_path: Path) -> None:
    """Old state + events = state fetched afresh, in JavaScript as in Python, frame by frame; over reconnects with a saved
    and restored state, and for a second tab that begins with what the first one knows."""
    theatre = RecordingTheatre(sqlite, tmp_path / "data")

    @settings(
        max_examples=HISTORIES,
        deadline=None,
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
    # Each of eight people of each history at least once, and half of them came back with cursors.
    assert seen["fresh"] >= 8 * HISTORIES and seen["resumed"] >= 4 * HISTORIES and seen["tabs"] > HISTORIES, seen


class Program:
    """tests/web/real.mjs as a child process. `heard` is every line of it until now."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self.heard: list[Any] = []
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def write(self, text: str) -> None:
        """To everybody."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()

    def wait(self, what: object, count: int) -> list[Any]:
        """Until it told so often of this; each time, without the word itself."""
        while len(told := [line[1:] for line in self.heard if line[0] == what]) < count:
            self.heard.append(json.loads(self._lines.get(timeout=PATIENCE)))
        return told

    def _read(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._lines.put(line)


@contextmanager
def program(server: Server, name: str) -> Iterator[Program]:
    """A guest's chat, for the length of a test; it must end well."""
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
    """Two chats in Node over real sockets: one goes on writing while the server is stopped, and once killed. Then every send is
    answered, every message is there once, and was told to both once and in order, without a snapshot or a reset."""
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
