"""A forked process does what a new interpreter does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked
from tests.servers import PATIENCE, ROOT, Server, running

pytestmark = pytest.mark.skipif(not forked.possible, reason="only Linux, and unless SUHBAT_TESTS_FORK=0")


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "suhbat", "version"],
        ["-m", "suhbat", "serve", "--port", "x"],
        ["-m", "suhbat", "user", "list", "--data", "x"],
    ],
    ids=["succeeds", "is refused", "fails"],
)
def test_output_and_status(command: list[str], tmp_path: Path) -> None:
    """Both print the same and end with the same status."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SUHBAT_LANGUAGE": "uz"}
    printed = tmp_path / "printed"
    with printed.open("wb") as output:
        code = forked.start(command, ROOT, environment, output.fileno()).wait(PATIENCE)
    other = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True)
    assert (printed.read_bytes(), code) == (other.stdout + other.stderr, other.returncode)


def test_a_server(tmp_path: Path) -> None:
    """It answers under its own settings, and what ended it is told."""
    with running("suhbat", tmp_path / "data") as server:
        assert isinstance(server.process, forked.Forked)
        assert server.process.poll() is None
        server.kill()
        assert server.process.poll() == -signal.SIGKILL


def test_special_interpreters_are_new_ones(tmp_path: Path) -> None:
    """Variables that an interpreter reads at its start need a new one."""
    server = Server("suhbat", tmp_path / "data", settings={"PYTHONMALLOC": "debug"})
    server.start()
    assert isinstance(server.process, subprocess.Popen)
    server.stop()
