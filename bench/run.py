"""Compares this server with commonly used ones, on this machine, in one run. See README.md beside it.

python bench/run.py [--members 100,1000] [--load 1x1,4x8,32x4] [--only suhbat,plain,…] [--seconds 3] [--rounds 2]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import compiler
import installs
import table
from compiler import BENCH, CACHE
from generator import MAX_MESSAGES, SETTLE, Idle, Load, Row, hold, measure
from installs import Unavailable
from machine import Cores, about_disk, about_machine, allow_many_sockets, cores, require_disk
from servers import SERVERS, Server, running
from table import Case


def main() -> int:
    """Returns 1 if a server did not start, or lost, doubled, reordered or damaged a message."""
    asked = arguments()
    compiler.load()
    require_disk(asked.data_root)
    if allow_many_sockets() < max(asked.members) + 100:
        sys.exit(f"bench: the limit of open files is too low for {max(asked.members)} members: see `ulimit -Hn`")
    with TemporaryDirectory(dir=asked.data_root, prefix="bench-") as name:
        return compare(asked, Path(name))


def arguments() -> argparse.Namespace:
    keys = [server.key for server in SERVERS]
    parser = argparse.ArgumentParser(description="Compares chat servers on this machine, each in turn.")
    parser.add_argument("--members", type=numbers, default=[100, 1000], help="how many, separated by commas")
    parser.add_argument("--load", type=loads, default=loads("1x1,4x8,32x4"), help="senders x messages in flight each")
    parser.add_argument("--only", type=lambda text: text.split(","), default=keys, help=f"of {','.join(keys)}")
    parser.add_argument("--seconds", type=float, default=3, help="length of the measured window")
    parser.add_argument("--warmup", type=float, default=1, help="seconds of load before it")
    parser.add_argument(
        "--rounds", type=int, default=2, help="the figures are the median of so many (of two: the mean)"
    )
    parser.add_argument("--idle", type=int, default=None, help="idle connections; 0 for none (default: most members)")
    parser.add_argument("--max-messages", type=int, default=MAX_MESSAGES, help="ends a window that has so many sends")
    parser.add_argument("--settle", type=float, default=SETTLE, help="seconds before a look at the memory")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data", help="where the data directories are made")
    asked = parser.parse_args()
    unknown = [key for key in asked.only if key not in keys]
    if unknown or asked.rounds < 1 or not 0 < asked.seconds <= 60 or not 0 <= asked.warmup <= 60:
        parser.error(f"unknown server {unknown[0]}" if unknown else "--rounds, --seconds or --warmup out of range")
    asked.idle = max(asked.members) if asked.idle is None else asked.idle
    return asked


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def loads(text: str) -> list[Load]:
    return [Load(*(int(number) for number in part.split("x"))) for part in text.split(",")]


def compare(asked: argparse.Namespace, data_root: Path) -> int:
    """Run everything, print the tables and write them down."""
    placed = cores()
    about = surroundings(data_root, placed, asked)
    print("\n".join(about), end="\n\n", flush=True)
    servers = [server for server in SERVERS if server.key in asked.only]
    start = time.monotonic()
    rows = measure_all(asked, servers, data_root, placed)
    idle = {server.key: idle_of(server, data_root, placed, asked) for server in servers} if asked.idle else {}

    problems = table.problems(rows, idle)
    parts = [part for part in (table.absolute(rows), table.ratios(rows), table.idle(idle), problems) if part]
    report = "\n\n".join(["\n".join(about), *parts])
    print("\n\n".join(parts))
    written = write(report, about, rows, idle)
    print(f"\n{time.monotonic() - start:.0f} s; written to {written.relative_to(BENCH.parent)} and .md")
    return 1 if problems else 0


def surroundings(data_root: Path, placed: Cores, asked: argparse.Namespace) -> list[str]:
    return [
        f"{about_machine(placed)}; {installs.versions()}",
        about_disk(data_root),
        f"- rounds of {asked.seconds:g} s after {asked.warmup:g} s of warm-up: {asked.rounds}; Suhbat is fully durable",
    ]


def measure_all(asked: argparse.Namespace, servers: list[Server], data_root: Path, placed: Cores) -> table.Rows:
    """Measure in rounds. In each, the servers of one case run directly after one another, each freshly started."""
    found: dict[Case, list[Row]] = {}
    for number in range(asked.rounds):
        for members in asked.members:
            for load in asked.load:
                for server in servers:
                    row = row_of(server, data_root, placed, members, load, asked)
                    found.setdefault(Case(members, load, server.key), []).append(row)
                    progress(f"round {number + 1}, {members} members, {load}, {server.key}: {summary(row)}")
    return {case: table.middle(rows) for case, rows in found.items()}


def row_of(server: Server, data_root: Path, placed: Cores, members: int, load: Load, asked: argparse.Namespace) -> Row:
    try:
        with running(server, data_root, placed.server) as one:
            return measure(one, placed.generator, members, load, asked.seconds, asked.warmup, asked.max_messages)
    except Unavailable as reason:
        return Row(problem=str(reason))


def idle_of(server: Server, data_root: Path, placed: Cores, asked: argparse.Namespace) -> Idle:
    try:
        with running(server, data_root, placed.server) as one:
            return hold(one, placed.generator, asked.idle, asked.settle)
    except Unavailable as reason:
        return Idle(problem=str(reason))


def summary(row: Row) -> str:
    return f"FAILED {row.problem.splitlines()[-1]}" if row.problem else f"{row.deliveries_per_s:,.0f} deliveries/s"


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def write(report: str, about: list[str], rows: table.Rows, idle: dict[str, Idle]) -> Path:
    """Write into bench/results/, which git ignores: the tables as Markdown and every figure as JSON."""
    folder = BENCH / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.with_suffix(".md").write_text(report + "\n", encoding="utf-8")
    figures = [
        {"server": case.server, "members": case.members, "load": str(case.load), **row._asdict()}
        for case, row in rows.items()
    ]
    resting = [{"server": key, **one._asdict()} for key, one in idle.items()]
    data = {"about": about, "rows": figures, "idle": resting}
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
