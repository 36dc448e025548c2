"""A short run of soak.py: when everybody is gone, nothing of them is left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .soak import soak, started, table

SECONDS = 8.0


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are counted as POSIX does")
@pytest.mark.parametrize("kind", ["suhbat"])
async def test_nothing_is_left_behind(tmp_path: Path, kind: str) -> None:
    """Connections, users, rooms, tasks and descriptors are what they were, threads and memory about that; nobody
    got an answer that our own fault would be, and nothing went wrong unexpectedly."""
    with started(kind, tmp_path / "data") as server:
        before, after, life = await soak(server, SECONDS, crowd=20)
        assert not after.faults(before), table(before, after)
        assert life.did["openings"] > 10 and life.did["send"] > 20 and life.did["HTTP 200"] > 5, life.told()
        assert not life.faults
        assert "Traceback" not in server.printed(), server.printed()[-8_000:]
