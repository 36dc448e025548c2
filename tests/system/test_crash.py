"""kill -9 under load: no acknowledged message is lost or doubled (G1-G5), and the server is ready again at once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.proof import kills
from tests.servers import BUSY

READY_MS = 3_000


ENDS = {"suhbat": kills.POINTS, "cluster": ("before_commit", "after_commit"), "uvicorn": ("",)}
"""The failpoints of the second and later rounds. A cluster only has those around the commit; the rest is the same
program."""
TIMES = {"suhbat": (1, 2), "cluster": (8, 12, 20), "uvicorn": (1,)}
"""Commits before the kill. A starting node of a cluster commits several times before clients can connect."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ENDS)
async def test_kill_under_load(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However often the server is killed while it works: every acknowledged message exists exactly once and where the
    acknowledgement said, `seq` and `ordinal` are dense, every client applied every event once and in order, the epoch
    stays, and the server is ready again within 3 s. On SQLite it is killed once at each failpoint; `make proof` does it
    hundreds of times, over every kind of server."""
    caplog.set_level("ERROR", "suhbat.client")  # it logs every restart
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    counted = await kills.run(kind, tmp_path, seed, len(ENDS[kind]), ends=ENDS[kind], times=TIMES[kind])
    print(dict(counted))
    assert counted["in flight"], "the server was killed while it had nothing to do"
    # The median, because one pause of the machine says nothing about the server, and a busy machine says little.
    assert counted["ready again after ms (median)"] < READY_MS + BUSY * 1000
