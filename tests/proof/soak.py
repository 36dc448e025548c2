"""Hours of ordinary life, in minutes: `python -m tests.proof.soak --minutes 30 --kind suhbat|uvicorn|hypercorn|cluster`.

People of both dialects come, write, edit, react, search, leave in good and in bad ways and come back, while others read
nothing, try passwords or say nonsense. When all have left and it has been calm for a while the server must have what it had
before: descriptors, threads, tasks, connections, rooms; and memory within a bound. Prints a table; ends with 1 when not.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

from tests.servers import COMMANDS, Server

from .life import Life

SETTINGS = {"SUHBAT_ADDRESS_RATE": "0", "SUHBAT_RETENTION": "0"}
WARM_SECONDS = 8.0
"""Of the same life, before what is there is taken for the beginning: pools and caches are filled by then."""
MORE = {"threads": 3}
"""Pools of threads are bounded, and make the next one only when all others are at work at once."""
PATIENCE = 60.0
"""Seconds in which everybody must be gone: who vanished without a word is noticed within 30."""
KEPT_SECONDS = 6.0
"""That a server keeps an idle HTTP connection, whose peer may be gone."""
MEGABYTE = 1 << 20
GROWTH_MB = 24.0
"""That memory may grow, whatever happens: SQLite's cache, names and words that are remembered, what the allocator keeps."""
SHARE = 0.35
"""And by this part of what there was."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a server holds."""

    connections: int
    users: int
    rooms: int
    tasks: int
    descriptors: int
    threads: int
    megabytes: float

    def faults(self, before: Figures) -> list[str]:
        """What did not come back to what it was, in words."""
        found = [
            f"{field.name}: {getattr(before, field.name)} before, {getattr(self, field.name)} after"
            for field in fields(self)
            if field.name != "megabytes"
            and getattr(self, field.name) > getattr(before, field.name) + MORE.get(field.name, 0)
        ]
        if self.megabytes > before.megabytes * (1 + SHARE) + GROWTH_MB:
            found.append(f"memory: {before.megabytes:.0f} MB before, {self.megabytes:.0f} MB after")
        return found


def figures(server: Server) -> Figures:
    """Of the whole process tree; what Suhbat counts, from its own /metrics."""
    status, text = server.request("GET", "/metrics", Connection="close")
    assert status == 200, text
    told = {name: float(value) for name, value in re.findall(r"^(suhbat_\w+) ([\d.e+]+)$", text, re.MULTILINE)}
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    tree = [parent, *parent.children(recursive=True)]
    return Figures(
        connections=int(told["suhbat_connections"]),
        users=int(told["suhbat_users"]),
        rooms=int(told["suhbat_rooms"]),
        tasks=int(told["suhbat_tasks"]),
        descriptors=sum(process.num_fds() for process in tree),
        threads=sum(process.num_threads() for process in tree),
        megabytes=sum(process.memory_info().rss for process in tree) / MEGABYTE,
    )


async def calm(server: Server, before: Figures | None = None) -> Figures:
    """When nobody is there any more, and nothing changes (or all is as `before`)."""
    await asyncio.sleep(KEPT_SECONDS)
    limit = time.monotonic() + PATIENCE
    last = await asyncio.to_thread(figures, server)
    while time.monotonic() < limit:
        await asyncio.sleep(1.0)
        now = await asyncio.to_thread(figures, server)
        same = (last.connections, last.tasks, last.descriptors) == (now.connections, now.tasks, now.descriptors)
        if not now.connections and same and (before is None or not now.faults(before)):
            return now
        last = now
    return last


async def soak(server: Server, seconds: float, *, crowd: int) -> tuple[Figures, Figures, Life]:
    """What it held after a while of this life, and after all of it."""
    life = Life(server, crowd=crowd)
    await life.prepare()
    await life.live(WARM_SECONDS)
    before = await calm(server)
    await life.live(seconds)
    return before, await calm(server, before), life


@contextmanager
def started(kind: str, data: Path) -> Iterator[Server]:
    server = Server(kind, data, settings=SETTINGS)
    server.start()
    try:
        yield server
    finally:
        server.stop(60)


def table(before: Figures, after: Figures) -> str:
    rows = [f"{'':14}{'before':>10}{'after':>10}"]
    for field in fields(Figures):
        one, other = getattr(before, field.name), getattr(after, field.name)
        rows.append(f"{field.name:14}{one:>10.0f}{other:>10.0f}")
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--kind", choices=[kind for kind in COMMANDS if kind != "granian"], default="suhbat")
    parser.add_argument("--crowd", type=int, default=40, help="people at a time")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, started(wanted.kind, Path(place) / "data") as server:
        before, after, life = asyncio.run(soak(server, wanted.minutes * 60, crowd=wanted.crowd))
        printed = server.printed()
    print(f"{wanted.kind}, {wanted.minutes:g} minutes: {life.told()}")
    print(table(before, after))
    faults = after.faults(before) + life.faults
    if "Traceback" in printed:
        faults.append(printed[printed.index("Traceback") - 500 :][:4_000])
    print("\n".join(faults) or "Nothing is left behind.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
