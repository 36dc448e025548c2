"""The scripts of `bench/`, run as a user would."""

from __future__ import annotations

import subprocess
import sys

from tests.servers import PATIENCE, ROOT


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, f"bench/{name}.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=4 * PATIENCE)


def table_lines(printed: str) -> list[list[str]]:
    """The cells of every line of the tables in it, heads and rules too."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines() if line[:1] == "|"]
