"""The cost of idle connections, and what remains of connections that have left.

    python bench/idle.py [--connections 10000] [--cycles 100000] [--only suhbat,suhbat-v1,…]

It measures resident memory for each of N idle connections, connects a second (in v1 with hello, until caught_up), and
by how much the server grew between the first tenth of the cycles of connecting and leaving, and the last.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import compiler
import installs
import table
from catalogue import KEYS, TITLES, server_of
from compiler import CACHE
from generator import SETTLE, Idle, hold, identities, reports, started
from machine import Cores, about_machine, allow_many_sockets, cores, require_disk, rss_bytes, tree
from packages import Unavailable
from servers import Running, running

RIVALS = ("node", "socketio", "uws", "c", "nchan", "centrifuge", "nats")
SOURCES = 16
"""Source addresses. Each has some 28,000 ports, and a port rests for a minute after use."""
NAMES = 1_000
"""Users that come and go in turn."""
SETTINGS = {"SUHBAT_SEND_RATE": "50"}
"""The default, so that the memory for each known user is included."""


class Growth(NamedTuple):
    """Resident memory in KB (1,000 bytes) after a tenth of the cycles and after all of them."""

    early_kb: float = 0
    late_kb: float = 0
    cycles_per_s: float = 0
    problem: str = ""


def main() -> int:
    """Returns 1 if a server did not start or a connection failed."""
    asked = arguments()
    compiler.load()
    if allow_many_sockets() < asked.connections + 100:
        sys.exit(f"bench: the limit of open files is too low for {asked.connections} connections: see `ulimit -Hn`")
    require_disk(asked.data_root)
    placed = cores()
    print(f"{about_machine(placed)}; {installs.versions(asked.only)}\n", flush=True)
    idle: dict[str, Idle] = {}
    growth: dict[str, Growth] = {}
    with TemporaryDirectory(dir=asked.data_root, prefix="idle-") as name:
        for key in asked.only:
            idle[key], growth[key] = measure(key, asked, Path(name), placed)
            print(f"{key}: {idle[key]} {growth[key]}", file=sys.stderr, flush=True)
    print(report(idle, growth, asked.cycles))
    return 1 if any(idle[key].problem or growth[key].problem for key in idle) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures idle connections and what is left of those that have gone.")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--cycles", type=int, default=100_000, help="connects and leaves; 0 for none")
    only = ["suhbat", "suhbat-v1", *RIVALS]
    parser.add_argument("--only", type=lambda text: text.split(","), default=only, help=f"of {','.join(KEYS)}")
    parser.add_argument("--settle", type=float, default=SETTLE, help="seconds before a look at the memory")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    asked = parser.parse_args()
    if unknown := [key for key in asked.only if key not in KEYS]:
        parser.error(f"unknown server {unknown[0]}")
    return asked


def measure(key: str, asked: argparse.Namespace, data_root: Path, placed: Cores) -> tuple[Idle, Growth]:
    """Measures both, each on a new server: memory left by the one would hide the needs of the other."""
    try:
        with running(server_of(key), data_root, placed.server, SETTINGS) as server:
            idle = hold(server, placed.generator, asked.connections, asked.settle, SOURCES)
        if not asked.cycles:
            return idle, Growth()
        with running(server_of(key), data_root, placed.server, SETTINGS) as server:
            return idle, grow(server, placed.generator, asked.cycles, asked.settle)
    except Unavailable as reason:
        return Idle(problem=str(reason)), Growth(problem=str(reason))


def grow(server: Running, core: int | None, cycles: int, settle: float) -> Growth:
    options = identities(server, NAMES)
    early = max(cycles // 10, 1)
    pids = tree(server.pid)
    resident: list[float] = []
    per_s = 0.0
    for count in (early, cycles - early):
        with started(server, core, 420, members=NAMES, cycles=count, sources=SOURCES, **options) as process:
            per_s = next((float(line["cycles_per_s"]) for line in reports(process)), 0.0)
            assert process.stderr
            said = process.stderr.read().strip()
            if process.wait():
                return Growth(problem=said or "the generator ended early")
        time.sleep(settle)
        resident.append(rss_bytes(pids) / 1000)
    return Growth(resident[0], resident[1], per_s)


def report(idle: dict[str, Idle], growth: dict[str, Growth], cycles: int) -> str:
    sizes = (f"RSS KB after {cycles // 10:,} cycles", f"after {cycles:,}", "growth KB")
    head = ("server", "idle", "RSS KB/connection", "connects/s", *(("cycles/s", *sizes) if cycles else ()))
    lines = []
    for key, one in idle.items():
        grown = growth[key]
        if one.problem or grown.problem:
            lines.append([TITLES[key], "**FAILED**", one.problem or grown.problem])
            continue
        line = [TITLES[key], f"{one.connections:,}", f"{one.rss_kb:.1f}", f"{one.connects_per_s:,.0f}"]
        if cycles:
            line += [f"{grown.cycles_per_s:,.0f}", f"{grown.early_kb:,.0f}", f"{grown.late_kb:,.0f}"]
            line += [f"{grown.late_kb - grown.early_kb:+,.0f}"]
        lines.append(line)
    return table.markdown(head, lines)


if __name__ == "__main__":
    sys.exit(main())
