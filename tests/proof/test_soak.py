"""A short run of soak.py: when everybody is gone, nothing of them is left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.servers import COMMANDS

from .soak import soak, started, table

SECONDS = 4.0
WARM_SECONDS = 3.0
LEAST = {"openings": 11, "send": 21, "HTTP 200": 6}
HASTY = ("-m", "tests.weaknesses.hasty", *COMMANDS["suhbat"][1:])
"""Settings with which a vanished connection is noticed within 3 s instead of 30."""


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are counted as POSIX does")
async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Connections, users, rooms, tasks and descriptors return to what they were, threads and memory nearly so. Nobody
    got an answer that means a fault of the server, and nothing unexpected was logged."""
    with started("suhbat", tmp_path / "data", HASTY) as server:
        before, after, life = await soak(server, SECONDS, crowd=18, warm=WARM_SECONDS, least=LEAST)
        print(life.told())
        assert not after.faults(before), table(before, after)
        assert all(life.did[what] >= count for what, count in LEAST.items()), life.told()
        assert not life.faults
        assert "Traceback" not in server.printed(), server.printed()[-8_000:]
