"""Measures pushes: how many a second and what each costs, and what they cost the people who chat meanwhile.

    python bench/push.py [--people 1000] [--rate 100] [--seconds 9] [--rounds 4] [--in-memory]

Everybody in a room is away and wants to be told of each message there. First one message at a time is written, and all of them
are pushed to: the best rate and the processor time of the server for each push. Then the room is busy, and two people chat in
their direct, on a server where all in the room have a subscription, and on one where nobody has, in turns. Pushes go to a push
service on loopback, without TLS. The server is on one core, everything else on another.

The latencies of all windows of a kind are put together. A disk that is slow now and then makes their tail uncertain: intervals
say how much (95 %, a bootstrap of blocks of messages). With `--in-memory` the database is on a file system in memory, where a
flush costs nothing, so that the rest of the difference shows.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

import table
from away import PushService, Room, fill, pair_of, queued, running, write, writing
from compiler import CACHE
from files import percentile, window
from machine import about_disk, about_machine, cores, cpu_seconds, require_disk, tree

SETTLES = 9.0
"""Seconds that a room is busy before a window: then the first pushes are due."""
IN_MEMORY = Path("/dev/shm")
BLOCK = 50
"""Messages that follow each other, and share what made them slow."""
DRAWN = 500
"""Samples of the bootstrap."""


def main() -> None:
    asked = arguments()
    if not asked.in_memory:
        require_disk(asked.data_root)
    placed = cores()
    place = IN_MEMORY if asked.in_memory else asked.data_root
    with TemporaryDirectory(dir=place, prefix="push-") as name, ExitStack() as stack:
        print(f"{about_machine(placed)}\n{about_disk(Path(name))}", flush=True)
        service = PushService(placed.generator)
        stack.callback(service.close)
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        data, other = Path(name) / "pushes", Path(name) / "none"
        data.mkdir()
        room = asyncio.run(fill(data, asked.people, service.port))
        shutil.copytree(data, other)
        with closing(sqlite3.connect(other / "suhbat.db")) as raw:
            raw.execute("DELETE FROM push_subscriptions")
            raw.commit()
        print(f"- {asked.people:,} people away in a room; {asked.rounds} rounds; windows of {asked.seconds:g} s\n")
        if asked.what != "chat":
            with running("", data, room, placed.server, {"SUHBAT_PUSH_DELAY": "0"}) as one:
                print(asyncio.run(rates(one, service, asked)), flush=True)
        if asked.what == "rates":
            return
        rooms = [
            stack.enter_context(running(title, place, room, placed.server, {}))
            for title, place in (("nobody is pushed to", other), ("pushes", data))
        ]
        print(f"\n{asyncio.run(chatting(rooms, service, asked))}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures pushes.")
    parser.add_argument("--people", type=int, default=1_000, help="away, in one room")
    parser.add_argument("--rate", type=int, default=100, help="messages a second in the busy room")
    parser.add_argument("--seconds", type=float, default=9, help="length of a window")
    parser.add_argument("--rounds", type=int, default=4, help="messages that all are told of, and windows of each kind")
    parser.add_argument("--what", choices=("both", "rates", "chat"), default="both")
    parser.add_argument("--in-memory", action="store_true", help=f"with the database in {IN_MEMORY}")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


async def rates(room: Room, service: PushService, asked: argparse.Namespace) -> str:
    """A table: one message, pushed to everybody."""
    took, used = [], []
    async with writing(room) as one:
        await one.ask("send", conversation=room.name, text="salom")
        await reached(service, asked.people)
        for _ in range(asked.rounds):
            before, began, cpu = service.count, time.perf_counter(), processor(room)
            await one.ask("send", conversation=room.name, text="Choyga keling")
            await reached(service, before + asked.people)
            took.append(service.last - began)
            used.append([now - then for now, then in zip(processor(room), cpu, strict=True)])
    rate, middle = (asked.people / seconds for seconds in (min(took), statistics.median(took)))
    each = [f"{seconds / asked.people * 1e3:.2f}" for seconds in min(used)]
    head = ("one message to", "pushes/s, best", "median", "processor ms a push: the server", "its child process")
    return table.markdown(head, [[f"{asked.people:,} people", f"{rate:,.0f}", f"{middle:,.0f}", *each]])


def processor(room: Room) -> tuple[float, float]:
    """Seconds of processor time: of the server, and of the child process that carries its pushes."""
    server, *others = tree(room.server.pid)
    return cpu_seconds([server]), cpu_seconds(others)


async def reached(service: PushService, count: int) -> None:
    async with asyncio.timeout(120):
        while service.count < count:
            await asyncio.sleep(0.02)


async def chatting(rooms: Sequence[Room], service: PushService, asked: argparse.Namespace) -> str:
    """A table: the messages of a pair beside the busy room."""
    windows: dict[str, list[list[float]]] = {room.title: [] for room in rooms}
    used, carried, pushed, rows = ({room.title: 0.0 for room in rooms} for _ in range(4))
    for _ in range(asked.rounds):
        for room in rooms:
            async with writing(room) as writer, pair_of(room) as pair:
                busy = asyncio.create_task(write(writer, room.name, asked.rate))
                await asyncio.sleep(SETTLES)
                before, cpu = service.count, processor(room)
                windows[room.title].append(await window(pair, asked.seconds))
                for total, now, then in zip((used, carried), processor(room), cpu, strict=True):
                    total[room.title] += now - then
                pushed[room.title] += service.count - before
                rows[room.title] = max(rows[room.title], queued(room))
                busy.cancel()
                await asyncio.gather(busy, return_exceptions=True)
    return compared(windows, [(used[title], carried[title], pushed[title], rows[title]) for title in windows], asked)


def compared(
    windows: dict[str, list[list[float]]], loads: Sequence[tuple[float, float, float, float]], asked: argparse.Namespace
) -> str:
    """A table of these windows by title, the first of which are what others are compared with. `loads`: of each title the
    seconds of processor time of the server and of its child process, the pushes, and the most rows of the queue."""
    seconds = asked.seconds * asked.rounds
    dice = random.Random(1)
    base: list[float] = []
    first = 0.0
    lines = []
    for (title, those), (used, carried, pushed, rows) in zip(windows.items(), loads, strict=True):
        pooled = [one for some in those for one in some]
        known, tails = percentile(pooled, 0.99), drawn_tails(those, dice)
        first, base = first or known, base or tails
        ratios = sorted(one / other for one, other in zip(tails, base, strict=True))
        figures = [f"{percentile(pooled, share):.2f}" for share in (0.5, 0.95, 0.99)]
        figures += [interval(tails), table.ratio(known, first), interval(ratios)]
        load = [f"{used / seconds:.0%}", f"{carried / seconds:.0%}", f"{pushed / seconds:,.0f}", f"{rows:,.0f}"]
        lines.append([title, *figures, *load])
    head = ("the pair's messages, ms", "p50", "p95", "p99", "interval", "p99 ÷ nobody", "interval")
    return table.markdown((*head, "processor", "its child", "pushes/s", "rows of the queue, at most"), lines)


def drawn_tails(windows: Sequence[Sequence[float]], dice: random.Random) -> list[float]:
    """The p99 of samples that are drawn, block by block, from what was measured."""
    blocks = [one[n : n + BLOCK] for one in windows for n in range(0, len(one), BLOCK)]
    dice = random.Random(1)
    return [
        percentile([one for block in dice.choices(blocks, k=len(blocks)) for one in block], 0.99) for _ in range(DRAWN)
    ]


def interval(found: Sequence[float]) -> str:
    """What 95 % of these are between."""
    return f"{percentile(found, 0.025):.2f} – {percentile(found, 0.975):.2f}"


if __name__ == "__main__":
    main()
