"""The examples run unchanged, and the docs show their output."""

from __future__ import annotations

import os
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


def test_an_application_and_its_tests() -> None:
    """examples/test_shop.py passes as somebody would run it: with pytest alone, and nothing of this repository's tests."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            os.devnull,
            "--rootdir",
            ".",
            "-p",
            "no:cacheprovider",
            "examples",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=160,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
