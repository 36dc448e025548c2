"""The examples run unchanged, and the docs show their output."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.servers import ROOT


def test_the_tour() -> None:
    """examples/tour.py prints what docs/tour.md shows: accounts, rooms, directs, search, moderation, erasure, and
    Postman."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "examples/tour.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    shown = re.search(r"```text\n(.*?)```", (ROOT / "docs" / "tour.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert done.stdout.strip() == shown[1].strip()
