"""The scripts of `bench/`, run as a user would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.servers import PATIENCE, ROOT

MEASURE = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from generator import Load, measure
from servers import Running
server = Running(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Path(sys.argv[5]))
row = measure(server, None, 5, Load(1, 4), 0.5, 0.2)
print(json.dumps(row._asdict()))
"""


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, f"bench/{name}.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=4 * PATIENCE)


def table_lines(printed: str) -> list[list[str]]:
    """The cells of every line of the tables in it, heads and rules too."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines() if line[:1] == "|"]


def measured(pid: int, port: int, dialect: str, folder: Path) -> dict[str, Any]:
    """What the bench finds of a server that is running: a row, with its problem if there is one."""
    command = [sys.executable, "-c", MEASURE, str(ROOT / "bench"), str(pid), str(port), dialect, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    row: dict[str, Any] = json.loads(done.stdout)
    return row
