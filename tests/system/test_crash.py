"""kill -9 under load: nothing that was acknowledged is lost, nothing comes twice (G1-G5), and it is back at once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.proof import kills
from tests.servers import BUSY

READY_MS = 3_000


ENDS = {"suhbat": kills.POINTS, "cluster": ("before_commit", "after_commit"), "uvicorn": ("",)}
"""How the second and the later rounds end. On the cluster where the store has a say: the rest is the same program."""
TIMES = {"suhbat": (1, 2), "cluster": (8, 12, 20), "uvicorn": (1,)}
"""A node that starts in a cluster commits several times before anybody can talk to it."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ENDS)
async def test_kill_under_load(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However often the server is killed in the middle of its work: every acknowledged message is there exactly once
    and where the acknowledgement said, `seq` and `ordinal` are dense, every client applied every event once and in
    order, the epoch stays, and the server is ready again within 3 s. On SQLite it dies once at each named place;
    `make proof` takes hundreds, over every kind.
    """
    caplog.set_level("ERROR", "suhbat.client")  # it would tell of every restart
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    counted = await kills.run(kind, tmp_path, seed, len(ENDS[kind]), ends=ENDS[kind], times=TIMES[kind])
    print(dict(counted))
    assert counted["in flight"], "the server was killed while it had nothing to do"
    # The median: a machine that pauses us once says nothing about the server. And one that is busy says little.
    assert counted["ready again after ms (median)"] < READY_MS + BUSY * 1000
