"""Every fault of `faults.py` once, in a short time; `make faults` takes ten minutes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .faults import SHORTEST, run


@pytest.mark.timeout(600)
async def test_nothing_is_lost_when_a_node_the_bus_or_the_database_dies(tmp_path: Path) -> None:
    """No acknowledged message is lost or doubled, `seq` is dense, every client that stays or reconnects gets every
    event in order, and afterwards messages are as fast as before."""
    for line in await run(tmp_path, SHORTEST, random.SystemRandom().getrandbits(32), people=3, pause=0.6):
        print(line)
