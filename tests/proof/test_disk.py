"""The disk part of the proof in short: power loss, failing flushes, a full disk."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from suhbat.store.sqlite.wal import flush_again

from . import full, power
from .controls import power as found_by_power

traced = pytest.mark.skipif(
    shutil.which("strace") is None, reason="needs strace, which Linux has (.ci/run installs it)"
)
mounts = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None,
    reason="only root makes a small disk",
)


@traced
@pytest.mark.parametrize("eio", [False, True], ids=["power loss", "flushes that fail"])
def test_what_was_told_survives(eio: bool, tmp_path: Path) -> None:
    """After a power cut at any time, also when flushes had failed before and the process died of it, the database is
    sound and holds everything that anybody was told, in its place."""
    for attempt in range(3):  # a recording may end before one of its flushes has failed
        seed = random.SystemRandom().getrandbits(32)
        print(f"seed {seed}")
        (place := tmp_path / str(attempt)).mkdir()
        counted = power.run(place, seed, 1.0, 50, eio=eio)
        print(dict(counted))
        if counted["flushes that failed"] or not eio:
            break
    assert counted["cuts"] > 25 and counted["messages told"] > 50
    assert bool(counted["flushes that failed"]) is eio and bool(counted["refused"]) is eio


@traced
def test_a_server_that_does_not_flush_is_found_out(tmp_path: Path) -> None:
    """The same replay finds losses for a server that does not flush."""
    assert found_by_power("sync_off", tmp_path, seconds=1.0)


def test_the_log_is_written_once_more_as_it_was(tmp_path: Path) -> None:
    """Rewriting the log changes nothing in it, whatever its length. If there is no log, none is made."""
    file = tmp_path / "suhbat.db"
    flush_again(file)
    assert not list(tmp_path.iterdir())
    log = tmp_path / "suhbat.db-wal"
    content = random.Random(1).randbytes(700_001)
    log.write_bytes(content)
    flush_again(file)
    assert log.read_bytes() == content


@mounts
@pytest.mark.parametrize("kind", ["suhbat", "cluster"])
async def test_a_full_disk(kind: str, tmp_path: Path) -> None:
    """Writes are refused as `storage_unavailable` and reading goes on. With free space the server recovers by itself."""
    counted = await full.run(kind, tmp_path, 1)
    print(dict(counted))
    assert counted["refused"] == 1
