"""A forked process does what a new interpreter does."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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


def test_the_database_of_a_first_start(tmp_path: Path) -> None:
    """It is as the one that the migrations make in a new interpreter."""
    fork = Server("suhbat", tmp_path / "fork")
    new = Server("suhbat", tmp_path / "new", settings={"PYTHONMALLOC": "debug"})
    for server in (fork, new):
        server.start()
        server.stop()
    assert isinstance(fork.process, forked.Forked) and isinstance(new.process, subprocess.Popen)
    assert shape(fork.data / "suhbat.db") == shape(new.data / "suhbat.db")
    assert sorted(path.name for path in fork.data.iterdir()) == sorted(path.name for path in new.data.iterdir())


def shape(file: Path) -> list[object]:
    """What the migrations made of a file: tables, their numbers of rows, and what the header has."""
    with closing(sqlite3.connect(file)) as raw:
        made = raw.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
        tables = [name for kind, name, _, sql in made if kind == "table" and "VIRTUAL" not in (sql or "")]
        rows = [(name, *raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()) for name in tables]
        pragmas = ("journal_mode", "page_size", "auto_vacuum", "application_id", "user_version", "encoding")
        header = [raw.execute(f"PRAGMA {pragma}").fetchone() for pragma in pragmas]
        return [made, rows, header, raw.execute("SELECT version_num FROM alembic_version").fetchall()]


def test_special_interpreters_are_new_ones(tmp_path: Path) -> None:
    """Variables that an interpreter reads at its start need a new one."""
    server = Server("suhbat", tmp_path / "data", settings={"PYTHONMALLOC": "debug"})
    server.start()
    assert isinstance(server.process, subprocess.Popen)
    server.stop()


def test_several_at_once(tmp_path: Path) -> None:
    """Threads that start processes at the same time each get their own."""

    def code(number: int) -> int:
        command = ["-m", "suhbat", "version" if number % 2 else "nonsense"]
        with (tmp_path / str(number)).open("wb") as output:
            return forked.start(command, ROOT, {**os.environ, "PYTHONPATH": str(ROOT)}, output.fileno()).wait(PATIENCE)

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(code, range(16)))
    assert codes == [2, 0] * 8
