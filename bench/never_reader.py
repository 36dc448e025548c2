"""The cost of readers that never read, for the others: 100 among 1,000, until the server has dropped them.

    python bench/never_reader.py

In the first windows everybody reads; then some stop for good. It prints the p99 of the time from a message's writing to
its arrival at the others, in both; the growth of the server's memory; and the fate of those that do not read. Each must
be dropped (its memory and its time are limited), or receive everything when it reads again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import table
import uvloop
from catalogue import server_of
from compiler import CACHE
from machine import Cores, about_disk, about_machine, allow_many_sockets, cores, require_disk, rss_bytes
from servers import ROOT, Running, running

sys.path.insert(0, str(ROOT))

from tests.system.room import Member, Room, percentile


def main() -> int:
    """Returns 1 if somebody missed a message, or a reader that stopped was neither dropped nor fed."""
    asked = arguments()
    allow_many_sockets()
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(dir=asked.data_root, prefix="never-") as name:
        print(f"{about_machine(placed)}\n{about_disk(Path(name))}")
        print(
            f"- {asked.readers} readers (half of each dialect) and {asked.never} that stop for good, {asked.rate:g} "
            f"messages/s of {asked.size} characters, windows of {asked.seconds:g} s\n",
            flush=True,
        )
        with (
            running(server_of("suhbat"), Path(name), placed.server) as server,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            return runner.run(measure(server, placed, asked))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures what readers that never read cost the others.")
    parser.add_argument("--readers", type=int, default=900)
    parser.add_argument("--never", type=int, default=100, help="how many stop reading, half of each dialect")
    parser.add_argument("--rate", type=float, default=40, help="messages a second")
    parser.add_argument("--size", type=int, default=4_000, help="characters of a message")
    parser.add_argument("--windows", type=int, default=8, help="of each kind")
    parser.add_argument("--seconds", type=float, default=5, help="length of a window")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


async def measure(server: Running, placed: Cores, asked: argparse.Namespace) -> int:
    if placed.generator is not None:
        os.sched_setaffinity(0, {placed.generator})
    async with Room(server.port, readers=asked.readers, stopping=asked.never, size=asked.size) as room:
        room.write_steadily(asked.rate)
        await room.listen(2)
        start = rss_bytes([server.pid])
        reading = [await room.listen(asked.seconds) for _ in range(asked.windows)]
        before = rss_bytes([server.pid])
        for member in room.stopping:
            member.pause()
        stopped, sizes, behind = [], [before], 0.0
        for _ in range(asked.windows):
            stopped.append(await room.listen(asked.seconds))
            sizes.append(rss_bytes([server.pid]))
            behind = max(behind, await room.figure("suhbat_connections_behind"))
        dropped, fed = await outcome(room)
        faults = room.faults()
    print(report(reading, stopped))
    print(
        f"\nThe server grew by {(before - start) / 1e6:+.1f} MB while all read, by {(max(sizes) - before) / 1e6:+.1f} MB "
        f"at most and {(sizes[-1] - before) / 1e6:+.1f} MB at last afterwards. It knew of up to {behind:.0f} that were "
        f"behind. Of {asked.never} that stopped, {dropped} were dropped and {fed} had everything when they read again."
    )
    lost = asked.never - dropped - fed
    for fault in [*faults, *([f"{lost} were neither dropped nor fed"] if lost else [])]:
        print(f"\n**FAILED** {fault}")
    return 1 if faults or lost else 0


async def outcome(room: Room, patience: float = 20.0) -> tuple[int, int]:
    """Let them read again: gives how many were dropped, and how many receive everything that was written."""
    for member in room.stopping:
        member.resume()
    head = max(member.last or 0 for member in room.readers)
    limit = time.monotonic() + patience

    def has_all(member: Member) -> bool:
        return (member.last or 0) >= head

    while time.monotonic() < limit and not all(one.gone or has_all(one) for one in room.stopping):
        await asyncio.sleep(0.05)
    dropped = sum(one.gone for one in room.stopping)
    return dropped, sum(has_all(one) and not one.gone for one in room.stopping)


def report(reading: list[list[float]], stopped: list[list[float]]) -> str:
    lines = []
    for title, share in (("p50", 0.5), ("p99", 0.99)):
        with_all, without = (percentile(sorted(chain.from_iterable(windows)), share) for windows in (reading, stopped))
        lines.append([title, *cells(with_all, without)])
    medians = [statistics.median(percentile(window, 0.99) for window in windows) for windows in (reading, stopped)]
    lines.append(["p99, median of the windows", *cells(*medians)])
    return table.markdown(("arrival at the others", "all read", "some never read", "ratio"), lines)


def cells(with_all: float, without: float) -> list[str]:
    return [f"{with_all * 1e3:.2f} ms", f"{without * 1e3:.2f} ms", table.ratio(without, with_all)]


if __name__ == "__main__":
    sys.exit(main())
