"""Attacks that run at once: what `make proof` says at the end, and that nothing runs on after it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.servers import ROOT

from . import together
from .together import lower_priority, run_together

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
IS_LOWER = """
import psutil, sys, time
end = time.monotonic() + 30
while psutil.Process().nice() != int(sys.argv[1]):
    if time.monotonic() > end: sys.exit(1)
    time.sleep(0.01)
"""


class Fails:
    """A process that fails right after it was seen to run."""

    args = ("attack",)

    def __init__(self) -> None:
        self._answers = [None, 1]

    def poll(self) -> int | None:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def terminate(self) -> None:
        pass

    def wait(self, timeout: float | None = None) -> int:
        return 1


def command(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def test_all_succeed(tmp_path: Path) -> None:
    """Each command runs once, at most `at_once` at a time, in the given order."""
    log = tmp_path / "log"
    logs = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    assert run_together([command(logs, log, name) for name in "abc"], [command("")], 1)
    assert log.read_text(encoding="utf-8") == "abc"


@pytest.mark.parametrize("beside", [False, True])
def test_one_fails(tmp_path: Path, beside: bool, capfd: pytest.CaptureFixture[str]) -> None:
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
    assert "ended with 1: " in capfd.readouterr().out


def test_one_is_killed(capfd: pytest.CaptureFixture[str]) -> None:
    """An attack that is killed, as when memory runs out, prints nothing itself. It is a failure, and is named."""
    assert not run_together([command("import os; os.kill(os.getpid(), 9)", "some attack")], [], 1)
    assert "some attack" in capfd.readouterr().out


@pytest.mark.parametrize("beside", [False, True])
def test_one_fails_while_it_is_looked_at(monkeypatch: pytest.MonkeyPatch, beside: bool) -> None:
    """A failure between two looks at one process is not passed over."""

    def start(_: Sequence[str]) -> Fails:
        return Fails()

    monkeypatch.setattr(together, "_start", start)
    monkeypatch.setattr(together, "_lower", lambda _: None)
    commands = [["attack"]]
    assert not (run_together([], commands, 1) if beside else run_together(commands, [], 1))


def test_what_runs_beside_has_a_lower_priority() -> None:
    """So that attacks on servers are not slowed down by those that need only processors."""
    assert run_together([], [command(IS_LOWER, int(lower_priority()))], 1)


@pytest.mark.parametrize("asked", [("--only", "kil -9"), ("--one", "kill -9")])
def test_no_such_attack(asked: tuple[str, str]) -> None:
    """A name that no attack has is refused. It does not end with the words that every promise was kept."""
    run = [sys.executable, "-m", "tests.proof", *asked]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no attack" in done.stderr and "kept" not in done.stdout
