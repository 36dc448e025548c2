"""Hostile pictures are answered, one after another and side by side, and leave nothing behind."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from suhbat.files.child import MEMORY_BYTES, Job
from suhbat.files.drawing_process import DrawingProcess
from suhbat.files.studio import PROCESSES, Studio

from . import hostile, samples

ROOM_BYTES = 150 << 20
"""What this process and its children may have more after hundreds of hostile pictures than before. Two idle children have
60 MB."""

LIMIT = 5.0
"""Seconds for a picture that takes minutes."""


@pytest.fixture
async def room() -> AsyncIterator[Studio]:
    """A studio with real child processes."""
    found = Studio()
    yield found
    await found.close()


async def test_hostile_pictures(room: Studio, tmp_path: Path) -> None:
    """Bombs, pictures that are cut and pictures that are changed each get a look, none keeps a secret that came in whole, and
    afterwards the processes have as much memory as before and draw an ordinary picture."""
    pictures = [*hostile.bombs(), *list(hostile.cut())[::2], *hostile.changed(150, seed=3)]
    waiting, before = iter(pictures), hostile.memory()

    async def worker() -> None:
        for named in waiting:
            await hostile.look_at(room, tmp_path, named)

    await asyncio.gather(*(worker() for _ in range(PROCESSES)))
    look, _ = await hostile.look_at(room, tmp_path, ("ordinary", samples.jpeg()))
    assert look.kind == "image"
    assert hostile.memory() - before < ROOM_BYTES
    await room.close()
    assert not [one for one in psutil.Process().children() if _is_drawing(one)]


def _is_drawing(child: psutil.Process) -> bool:
    """Whether a process is one of the studio's. Those of other tests may be ending."""
    with suppress(psutil.NoSuchProcess):
        return "suhbat.files" in str(child.cmdline())
    return False


async def test_no_secret_is_left(room: Studio, tmp_path: Path) -> None:
    """Wherever a picture is cut, what may be downloaded of it has no place, camera or comment that came in whole."""
    for name, content in list(hostile.cut())[1::4]:
        source = tmp_path / "source"
        source.write_bytes(content)
        look = await room.look(source, tmp_path)
        assert samples.SECRET not in (look.cleaned or source).read_bytes(), name


async def test_killed_on_time(tmp_path: Path) -> None:
    """A picture that decodes for minutes is a file when its time is over, and its process is gone."""
    whole = samples.saved(samples.picture((3_000, 3_000)), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    (tmp_path / "source").write_bytes(whole[:-2] + scan * 9_000)
    made: list[DrawingProcess] = []

    def make() -> DrawingProcess:
        made.append(DrawingProcess())
        return made[-1]

    room = Studio(seconds=LIMIT, process=make)
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)

    watching = asyncio.ensure_future(watch())
    look = await room.look(tmp_path / "source", tmp_path)
    watching.cancel()
    assert (look.type, look.kind) == ("image/jpeg", "file")
    assert not made[0].is_fit
    assert longest < LIMIT  # the event loop went on
    await room.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the address space")
def test_memory_is_limited(tmp_path: Path) -> None:
    """A child cannot have more memory than its limit, and nothing that it needs for a large picture is refused."""
    process = DrawingProcess()
    process.start()
    assert process._process
    assert psutil.Process(process._process.pid).rlimit(psutil.RLIMIT_AS) == (MEMORY_BYTES, MEMORY_BYTES)
    assert psutil.Process(process._process.pid).rlimit(psutil.RLIMIT_CORE) == (0, 0)
    (tmp_path / "source").write_bytes(samples.saved(samples.picture((4_900, 4_900)), "WEBP", method=0))
    answers = process.ask(Job(str(tmp_path / "source"), "image/webp", str(tmp_path), None, (360,)))
    assert answers["drawn"]["sizes"] == [360]
    process.close()
