"""The cost of readers that stop reading, for the others: windows with and without them in turn, in one busy room.

    python bench/slow_reader.py

It prints the p99 of the time from a message's writing to its arrival at each of the other readers, the ratio, and the
growth of the server's memory. Server and clients are bound to different cores. It needs Linux and the packages of
requirements-dev.txt.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from catalogue import server_of
from compiler import CACHE
from machine import Cores, about_disk, about_machine, cores, rss_bytes
from servers import ROOT, Running, running

sys.path.insert(0, str(ROOT))

from tests.system.room import Room, percentile

MEGABYTE = 1 << 20


def main() -> None:
    asked = arguments()
    asked.data_root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=asked.data_root, prefix="slow-") as name:
        data_root = Path(name)
        placed = cores()
        print(f"{about_machine(placed)}\n{about_disk(data_root)}")
        print(
            f"- {asked.readers} readers (half of each dialect) and {asked.stopped} that stop, {asked.rate:g} messages/s "
            f"of {asked.size} characters, {asked.pairs} pairs of windows of {asked.seconds:g} s\n"
        )
        with running(server_of("suhbat"), data_root, placed.server) as server:
            asyncio.run(measure(server, placed, asked))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures what readers that stop reading cost the others.")
    parser.add_argument("--readers", type=int, default=30)
    parser.add_argument("--stopped", type=int, default=2, help="how many stop, half of each dialect")
    parser.add_argument("--rate", type=float, default=300, help="messages a second")
    parser.add_argument("--size", type=int, default=1_000, help="characters of a message")
    parser.add_argument("--pairs", type=int, default=10, help="windows of each kind")
    parser.add_argument("--seconds", type=float, default=5, help="length of a window")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


async def measure(server: Running, placed: Cores, asked: argparse.Namespace) -> None:
    if placed.generator is not None:
        os.sched_setaffinity(0, {placed.generator})
    ages: dict[bool, list[float]] = {True: [], False: []}
    windows: dict[bool, list[float]] = {True: [], False: []}
    async with Room(server.port, readers=asked.readers, stopping=asked.stopped, size=asked.size) as room:
        room.write_steadily(asked.rate)
        await window(room, stopped=True, seconds=2)  # warm up both ways
        await window(room, stopped=False, seconds=2)
        before = most = rss_bytes([server.pid])
        for pair in range(asked.pairs):
            # The order alternates, so that slow changes of the machine affect both alike.
            for stopped in (False, True) if pair % 2 else (True, False):
                found = await window(room, stopped=stopped, seconds=asked.seconds)
                ages[stopped] += found
                windows[stopped].append(percentile(found, 0.99))
                most = max(most, rss_bytes([server.pid]))
        missed = [member.messages for member in room.stopping]
        assert len(set(missed)) == 1 and not room.faults(), "everybody has everything, in order"
    print("| | all read | some have stopped | ratio |\n|---|---|---|---|")
    for share in (0.5, 0.99):
        row("p50" if share == 0.5 else "p99 of all", *(percentile(sorted(ages[kind]), share) for kind in (False, True)))
    row("p99, median of the windows", statistics.median(windows[False]), statistics.median(windows[True]))
    for kind, title in ((False, "all read"), (True, "some have stopped")):
        print(f"\np99 of each window, {title}: {' '.join(f'{found * 1e3:.2f}' for found in windows[kind])} ms", end="")
    print(
        f"\n\nThe server grew by {(most - before) / MEGABYTE:.1f} MB; {sum(map(len, ages.values()))} deliveries measured."
    )


async def window(room: Room, *, stopped: bool, seconds: float) -> list[float]:
    """The ages of the messages of a window. When it returns, everybody has caught up."""
    if stopped:
        for member in room.stopping:
            member.pause()
        await room.behind(len(room.stopping))
    found = await room.listen(seconds)
    for member in room.stopping:
        if member.paused:
            member.resume()
    await room.everybody_has_all()
    await asyncio.sleep(0.5)
    return found


def row(title: str, with_all: float, without: float) -> None:
    print(f"| {title} | {with_all * 1e3:.2f} ms | {without * 1e3:.2f} ms | {without / with_all:.2f} |")


if __name__ == "__main__":
    main()
