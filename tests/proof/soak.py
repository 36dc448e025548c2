"""Hours of ordinary life in minutes: `python -m tests.proof.soak --minutes 30 --kind suhbat|uvicorn|hypercorn|cluster`.

Clients of both dialects connect, write, edit, react, search, leave in good and bad ways and come back, while others
read nothing, try passwords or send nonsense. When all have left and nothing has happened for a while, the server must
have what it had before: descriptors, threads, tasks, connections, channels; and memory within a bound. Prints a table;
ends with 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

from tests.servers import COMMANDS, Server

from .life import Life

SETTINGS = {"SUHBAT_ADDRESS_RATE": "0", "SUHBAT_RETENTION": "0"}
WARM_SECONDS = 5.0
WARM_PART = 0.25
"""At least this many seconds or this part of the whole run come before the first measurement, so that pools, caches and
threads exist by then."""
PATIENCE = 60.0
"""Seconds within which all connections must end. One that vanished without a close is noticed within 30."""
KEPT_SECONDS = 6.0
"""How long a server keeps an idle HTTP connection, whose peer may be gone."""
MEGABYTE = 1 << 20
GROWTH_MB = 64.0
"""How much memory may grow in any case. SQLite's page caches (32 MB to write, 8 MB for each of three readers) fill with
the database, and the page cache has 8 MB; with these, memory in use does not grow. The rest is kept by malloc: for a
password check 19 MB in each thread."""
SHARE = 0.35
"""Memory may also grow by this part of what there was."""
MORE: Mapping[str, float] = {"store": 12, "threads": 8, "megabytes": math.inf}
"""How much of each figure may be added; of all others nothing. The pools that read, connect and verify passwords have
the size of their largest use. After minutes a leak would be larger than this. For memory see `faults`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The resources that a server holds."""

    connections: int
    users: int
    channels: int
    tasks: int
    descriptors: int
    """File descriptors without those of `store`."""
    store: int
    """Files of its data directory, and its own connections to a database or a bus."""
    threads: int
    megabytes: float

    def faults(self, before: Figures) -> list[str]:
        """The figures that did not return to what they were, in words."""
        found = [
            f"{field.name}: {getattr(before, field.name)} before, {getattr(self, field.name)} after"
            for field in fields(self)
            if getattr(self, field.name) > getattr(before, field.name) + MORE.get(field.name, 0)
        ]
        if self.megabytes > before.megabytes * (1 + SHARE) + GROWTH_MB:
            found.append(f"memory: {before.megabytes:.0f} MB before, {self.megabytes:.0f} MB after")
        return found


def figures(server: Server) -> Figures:
    """The figures of the whole process tree, and the server's own from its /metrics."""
    status, text = server.request("GET", "/metrics", Connection="close")
    assert status == 200, text
    told = {name: float(value) for name, value in re.findall(r"^(suhbat_\w+) ([\d.e+]+)$", text, re.MULTILINE)}
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    tree = [parent, *parent.children(recursive=True)]
    store = sum(_of_the_store(process, server) for process in tree)
    return Figures(
        connections=int(told["suhbat_connections"]),
        users=int(told["suhbat_users"]),
        channels=int(told["suhbat_channels"]),
        tasks=int(told["suhbat_tasks"]),
        descriptors=sum(process.num_fds() for process in tree) - store,
        store=store,
        threads=sum(process.num_threads() for process in tree),
        megabytes=sum(process.memory_info().rss for process in tree) / MEGABYTE,
    )


def _of_the_store(process: psutil.Process, server: Server) -> int:
    files = [file for file in process.open_files() if Path(file.path).is_relative_to(server.data.resolve())]
    connections = [end for end in process.net_connections("tcp") if end.raddr and end.laddr.port != server.port]
    return len(files) + len(connections)


async def calm(server: Server, before: Figures | None = None) -> Figures:
    """The figures when nobody is connected and nothing changes any more (or all is as `before`)."""
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


async def soak(
    server: Server, seconds: float, *, crowd: int, warm: float = WARM_SECONDS, least: Mapping[str, int] | None = None
) -> tuple[Figures, Figures, Life]:
    """The figures after a while of this life, and after all of it. `least`: see `Life.live`."""
    life = Life(server, crowd=crowd)
    await life.prepare()
    await life.live(max(warm, seconds * WARM_PART))
    before = await calm(server)
    await life.live(seconds, least)
    return before, await calm(server, before), life


@contextmanager
def started(kind: str, data: Path, command: tuple[str, ...] = ()) -> Iterator[Server]:
    server = Server(kind, data, settings=SETTINGS, command=command)
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
