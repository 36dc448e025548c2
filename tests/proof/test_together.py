"""Attacks that run at once: what `make proof` says at the end, and that nothing runs on after it."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from .together import run_together

WAITS = """
import os, pathlib, sys, threading
pathlib.Path(sys.argv[1] + ".part").write_text(str(os.getpid()))
os.rename(sys.argv[1] + ".part", sys.argv[1])
threading.Event().wait(60)
"""
FAILS_THEN = """
import pathlib, sys, time
while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)
sys.exit(1)
"""


def command(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def test_all_succeed(tmp_path: Path) -> None:
    """Each command runs once, at most `at_once` at a time, in the given order."""
    log = tmp_path / "log"
    logs = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    assert run_together([command(logs, log, name) for name in "abc"], [command("")], 1)
    assert log.read_text(encoding="utf-8") == "abc"


@pytest.mark.parametrize("beside", [False, True])
def test_one_fails(tmp_path: Path, beside: bool) -> None:
    """A failure is told at once, whichever it is; what still runs is ended, and what waits is not begun."""
    pid, begun = tmp_path / "pid", tmp_path / "begun"
    waits = command(WAITS, pid)
    fails = command(FAILS_THEN, pid)
    waiting = command("import sys; open(sys.argv[1], 'w')", begun)
    if beside:
        assert not run_together([waits, waiting], [fails], 1)
    else:
        assert not run_together([fails, waiting], [waits], 1)
    assert not begun.exists()
    assert not psutil.pid_exists(int(pid.read_text(encoding="utf-8")))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes of priority")
def test_what_runs_beside_has_a_lower_priority(tmp_path: Path) -> None:
    """So that attacks on servers are not slowed down by those that need only processors."""
    waits = "import os, time\nwhile os.nice(0) != 10: time.sleep(0.01)"
    assert run_together([], [command(waits)], 1)
