"""Compares this server with commonly used ones, on this machine, in one run. See README.md beside it.

python bench/run.py [--mode short|full] [--base TREE] [--members 100,1000] [--load 1x1,32x4] [--only suhbat,plain,…]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import compiler
import installs
import table
from catalogue import KEYS, SERVERS, Server
from compiler import BENCH, CACHE
from generator import MAX_MESSAGES, SETTLE, Idle, Load, Row, hold, measure
from machine import Cores, about_disk, about_machine, allow_many_sockets, cores, require_disk
from packages import Unavailable
from servers import running, tree_of
from table import Case


class Wanted(NamedTuple):
    """A load, with this number of members only or with each that is asked for."""

    load: Load
    members: int | None


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def loads(text: str) -> list[Wanted]:
    """From such as `1x1,32x4@1000`."""
    found = []
    for part in text.split(","):
        senders, flight = part.partition("@")[0].split("x")
        members = part.partition("@")[2]
        found.append(Wanted(Load(int(senders), int(flight)), int(members) if members else None))
    return found


LEFT_OUT = ("base", "base-v1", "uvicorn", "uvicorn-v1", "socketio", "mosquitto", "jetstream-memory")
LATER = ["centrifuge-later", "centrifuge-later-5ms"] if installs.LATER in os.environ else []
USUAL = [key for key in KEYS if key not in LEFT_OUT and not key.endswith("-tcp") and "later" not in key] + LATER
FEW = ["suhbat", "suhbat-v1", "node", *(LATER[:1] or ["centrifuge"]), "jetstream-always"]
MODES: dict[str, dict[str, object]] = {
    "usual": {},
    "short": {
        "only": FEW,
        "load": loads("1x1@2,1x1@100,32x4@100,32x4@1000"),
        "rounds": 1,
        "seconds": 1.2,
        "warmup": 0.4,
        "idle": 0,
        "sends": True,
    },
    "full": {"members": [2, 10, 100, 1000], "rounds": 5, "seconds": 2, "warmup": 0.7, "sends": True},
}
"""`short` takes about two minutes, with another tree three; `full` is for an acceptance."""
SENDS = ((32, Load(32, 64)), (1000, Load(1000, 4, own=True)))
"""Sends a second: into one room of 32, and into conversations of their own. Members and load."""


def main() -> int:
    """Returns 1 if a server did not start, or lost, doubled, reordered or damaged a message."""
    asked = arguments()
    compiler.load()
    require_disk(asked.data_root)
    most = max(asked.idle, *(members for members, _ in cases(asked)))
    if allow_many_sockets() < most + 100:
        sys.exit(f"bench: the limit of open files is too low for {most} members: see `ulimit -Hn`")
    with TemporaryDirectory(dir=asked.data_root, prefix="bench-") as name:
        return compare(asked, Path(name))


def arguments() -> argparse.Namespace:
    mode = argparse.ArgumentParser(add_help=False)
    mode.add_argument("--mode", choices=MODES, default="usual", help="defaults of the other options; see README.md")
    parser = argparse.ArgumentParser(description="Compares chat servers on this machine, each in turn.", parents=[mode])
    parser.add_argument("--members", type=numbers, default=[100, 1000], help="how many, separated by commas")
    parser.add_argument(
        "--load",
        type=loads,
        default=loads("1x1,32x4"),
        help="senders x messages in flight each, and for one size: @members",
    )
    parser.add_argument("--only", type=lambda text: text.split(","), default=USUAL, help=f"of {','.join(KEYS)}")
    parser.add_argument("--base", type=Path, help="another tree of this project, measured beside this one")
    parser.add_argument("--sends", action=argparse.BooleanOptionalAction, default=False, help="also sends a second")
    parser.add_argument("--seconds", type=float, default=3, help="length of the measured window")
    parser.add_argument("--warmup", type=float, default=1, help="seconds of load before it")
    parser.add_argument(
        "--rounds", type=int, default=2, help="the figures are the median of so many (of two: the mean)"
    )
    parser.add_argument("--idle", type=int, default=None, help="idle connections; 0 for none (default: most members)")
    parser.add_argument("--max-messages", type=int, default=MAX_MESSAGES, help="ends a window that has so many sends")
    parser.add_argument("--settle", type=float, default=SETTLE, help="seconds before a look at the memory")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data", help="where the data directories are made")
    parser.set_defaults(**MODES[mode.parse_known_args()[0].mode])
    asked = parser.parse_args()
    unknown = [key for key in asked.only if key not in KEYS]
    if unknown or asked.rounds < 1 or not 0 < asked.seconds <= 60 or not 0 <= asked.warmup <= 60:
        parser.error(f"unknown server {unknown[0]}" if unknown else "--rounds, --seconds or --warmup out of range")
    if asked.base:
        asked.only += [f"base{key.removeprefix('suhbat')}" for key in asked.only if key.startswith("suhbat")]
    elif any(key.startswith("base") for key in asked.only):
        parser.error("the servers base and base-v1 need --base")
    asked.idle = max(asked.members) if asked.idle is None else asked.idle
    return asked


def compare(asked: argparse.Namespace, data_root: Path) -> int:
    """Run everything, print the tables and write them down."""
    placed = cores()
    about = surroundings(data_root, placed, asked)
    print("\n".join(about), end="\n\n", flush=True)
    servers = chosen(asked)
    start = time.monotonic()
    rows = measure_all(asked, servers, data_root, placed)
    idle = {server.key: idle_of(server, data_root, placed, asked) for server in servers} if asked.idle else {}

    problems = table.problems(rows, idle)
    tables = (table.guarantees(server.key for server in servers), table.absolute(rows), table.alone(rows))
    more = (table.sends(rows), table.ratios(rows), table.idle(idle), problems)
    parts = [part for part in (*tables, *more) if part]
    report = "\n\n".join(["\n".join(about), *parts])
    print("\n\n".join(parts))
    written = write(report, about, rows, idle)
    print(f"\n{time.monotonic() - start:.0f} s; written to {written.relative_to(BENCH.parent)} and .md")
    return 1 if problems else 0


def chosen(asked: argparse.Namespace) -> list[Server]:
    return [server for server in SERVERS if server.key in asked.only]


def surroundings(data_root: Path, placed: Cores, asked: argparse.Namespace) -> list[str]:
    return [
        f"{about_machine(placed)}; {installs.versions(server.key for server in chosen(asked))}",
        about_disk(data_root),
        f"- {datetime.now(UTC):%Y-%m-%d}; rounds of {asked.seconds:g} s after {asked.warmup:g} s of warm-up: {asked.rounds}",
    ]


def measure_all(asked: argparse.Namespace, servers: list[Server], data_root: Path, placed: Cores) -> table.Rows:
    """Measure in rounds. In each, the servers of one case run directly after one another, each freshly started."""
    found: dict[Case, list[Row]] = {}
    for number in range(asked.rounds):
        for members, load in cases(asked):
            for server in servers:
                if load.own and not server.rooms:
                    continue
                row = row_of(server, data_root, placed, members, load, asked)
                found.setdefault(Case(members, load, server.key), []).append(row)
                progress(f"round {number + 1}, {members} members, {load}, {server.key}: {summary(row)}")
    return {case: table.middle(rows) for case, rows in found.items()}


def cases(asked: argparse.Namespace) -> list[tuple[int, Load]]:
    """Members and load of each. A load with more senders than members is left out."""
    for_all = [] if all(one.members for one in asked.load) else asked.members
    sizes = sorted({*for_all, *(one.members for one in asked.load if one.members)})
    rooms = [(size, load) for size in sizes for load, only in asked.load if only in (None, size)]
    return [*((size, load) for size, load in rooms if load.senders <= size), *(SENDS if asked.sends else ())]


def row_of(server: Server, data_root: Path, placed: Cores, members: int, load: Load, asked: argparse.Namespace) -> Row:
    try:
        with running(server, data_root, placed.server, tree_of(server, asked.base)) as one:
            return measure(one, placed.generator, members, load, asked.seconds, asked.warmup, asked.max_messages)
    except Unavailable as reason:
        return Row(problem=str(reason))


def idle_of(server: Server, data_root: Path, placed: Cores, asked: argparse.Namespace) -> Idle:
    try:
        with running(server, data_root, placed.server, tree_of(server, asked.base)) as one:
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
