"""Files under kill -9, in short. `make proof` does it thirty times on each kind of server."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from . import file_kills

ENDS = {"suhbat": ("files_attached", "after_kept", "in_removal"), "cluster": ("after_file_flush", "")}
"""How the second and later rounds end."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ENDS)
async def test_kill_among_files(kind: str, tmp_path: Path) -> None:
    """However often a node is killed among uploads: acknowledged offsets stay, an acknowledged message shows exactly its files
    with their bytes, no file is in two messages, a deleted one is gone at once, and neither bytes nor records are left of
    anything else."""
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    counted = await file_kills.run(kind, tmp_path, seed, len(ENDS[kind]), ends=ENDS[kind], times=(1,))
    print(dict(counted))
    assert counted["messages acknowledged"] and counted["files with the same SHA-256"]
