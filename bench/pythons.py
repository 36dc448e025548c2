"""Compares Python interpreters, each with uvloop and without it, as the server's; the load is the same for all.

    python bench/pythons.py [--python 3.14=PATH]... [--rounds 3] [--seconds 2]

Each interpreter needs the packages of `requirements.txt`. They are measured in turns, case by case, so that ratios
between them hold even if the machine is not quiet. The first one is the base of the ratios; without `--python` the one
that runs this script is measured. Processor time is that of the server, of all its threads, for one acknowledged send.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import compiler
import table
from catalogue import server_of
from compiler import CACHE
from generator import MAX_MESSAGES, Load, Row, measure
from machine import Cores, about_disk, about_machine, allow_many_sockets, cores, require_disk
from packages import Unavailable
from servers import ROOT, running

ABOUT = """
import json, platform, sqlite3, sys
from importlib.metadata import version
enabled = getattr(sys, "_is_gil_enabled", lambda: True)
print(json.dumps([platform.python_version(), sqlite3.sqlite_version, version("uvloop"), enabled()]))
"""
LOOPS = ("uvloop", "asyncio")


class Python(NamedTuple):
    """An interpreter as the server's. `loop`: one of LOOPS."""

    title: str
    path: str
    loop: str = LOOPS[0]


class Case(NamedTuple):
    title: str
    server: str
    members: int
    load: Load


CASES = (
    Case("sends into a room of 32", "suhbat-v1", 32, Load(32, 64)),
    Case("sends, own conversations", "suhbat-v1", 200, Load(200, 4, own=True)),
    Case("alone, 2 members", "suhbat-v1", 2, Load(1, 1)),
    Case("alone, 100 members", "suhbat-v1", 100, Load(1, 1)),
    Case("32×4, 100 members", "suhbat-v1", 100, Load(32, 4)),
    Case("32×4, 100 members, simple", "suhbat", 100, Load(32, 4)),
)

Found = dict[tuple[Case, Python], list[Row]]


def main() -> int:
    """Returns 1 if a message was lost, doubled or damaged, or an interpreter could not run the server."""
    asked = arguments()
    compiler.load()
    allow_many_sockets()
    require_disk(asked.data_root)
    placed = Cores(None, None) if asked.unpinned else cores()
    pythons = [one._replace(loop=loop) for one in asked.python for loop in asked.loops]
    with TemporaryDirectory(dir=asked.data_root, prefix="pythons-") as name:
        data_root = Path(name)
        print(f"{about_machine(placed)}\n{about_disk(data_root)}\n\n{about(asked.python)}\n", flush=True)
        found = measure_all(pythons, asked, data_root, placed)
    rows = {key: table.middle(those) for key, those in found.items()}
    print(report(rows, pythons, asked.cases))
    return 1 if any(row.problem for row in rows.values()) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares Python interpreters under the same load.")
    parser.add_argument("--python", type=named, action="append", help="TITLE=PATH of an interpreter; may be repeated")
    parser.add_argument("--loops", type=lambda text: text.split(","), default=list(LOOPS), help="uvloop,asyncio")
    parser.add_argument("--cases", type=chosen, default=list(CASES), help="positions in the list of cases, from 1")
    parser.add_argument("--seconds", type=float, default=2, help="length of the measured window")
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3, help="the figures are the median of so many")
    parser.add_argument("--max-messages", type=int, default=MAX_MESSAGES, help="ends a window that has so many sends")
    parser.add_argument("--unpinned", action="store_true", help="server and generator share all cores")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    asked = parser.parse_args()
    if unknown := set(asked.loops) - set(LOOPS):
        parser.error(f"unknown loop {unknown.pop()}")
    asked.python = asked.python or [Python("this one", sys.executable)]
    return asked


def named(text: str) -> Python:
    title, _, path = text.rpartition("=")
    return Python(title or path, path)


def chosen(text: str) -> list[Case]:
    return [CASES[int(part) - 1] for part in text.split(",")]


def about(pythons: Sequence[Python]) -> str:
    """The versions that matter, one line for each interpreter."""
    lines = []
    for one in pythons:
        done = subprocess.run([one.path, "-c", ABOUT], capture_output=True, text=True, timeout=60, check=True)
        version, sqlite, uvloop, gil = json.loads(done.stdout)
        lines.append([one.title, version, sqlite, uvloop, "yes" if gil else "no"])
    return table.markdown(("interpreter", "Python", "SQLite", "uvloop", "GIL"), lines)


def measure_all(pythons: Sequence[Python], asked: argparse.Namespace, data_root: Path, placed: Cores) -> Found:
    """Measure in rounds. In each, the interpreters of one case run directly after one another."""
    found: Found = {}
    for number in range(asked.rounds):
        for case in asked.cases:
            for python in pythons:
                row = row_of(case, python, asked, data_root, placed)
                found.setdefault((case, python), []).append(row)
                what = row.problem or f"{row.acked_per_s:,.0f}/s, {per_send(row):.1f} µs"
                print(f"round {number + 1}, {case.title}, {python.title} {python.loop}: {what}", file=sys.stderr)
    return found


def row_of(case: Case, python: Python, asked: argparse.Namespace, data_root: Path, placed: Cores) -> Row:
    extra = {} if python.loop == LOOPS[0] else {"PYTHONPATH": f"{without_uvloop(data_root)}:{ROOT}"}
    try:
        with running(server_of(case.server), data_root, placed.server, extra, python.path) as one:
            window = (asked.seconds, asked.warmup, asked.max_messages)
            return measure(one, placed.generator, case.members, case.load, *window)
    except Unavailable as reason:
        return Row(problem=str(reason))


def without_uvloop(data_root: Path) -> Path:
    """A folder that hides an installed uvloop, as if it were missing: uvicorn then takes asyncio."""
    folder = data_root / "hidden"
    folder.mkdir(exist_ok=True)
    folder.joinpath("uvloop.py").write_text("raise ImportError\n", encoding="utf-8")
    return folder


def per_send(row: Row) -> float:
    """Microseconds of processor time of the server for one acknowledged send."""
    return row.server_cpu * 1e6 / max(row.acked_per_s, 1)


def report(rows: dict[tuple[Case, Python], Row], pythons: Sequence[Python], cases: Sequence[Case]) -> str:
    head = ("case", "interpreter", "loop", "CPU µs/send", "÷ the first", "acked sends/s", "÷ the first", "own p50 ms")
    lines = []
    for case in cases:
        base = rows[case, pythons[0]]
        for python in pythons:
            row = rows[case, python]
            if row.problem:
                lines.append([case.title, python.title, python.loop, "**FAILED**", row.problem])
                continue
            cpu = [f"{per_send(row):.1f}", table.ratio(per_send(row), per_send(base))]
            rate = [f"{row.acked_per_s:,.0f}", table.ratio(row.acked_per_s, base.acked_per_s)]
            lines.append([case.title, python.title, python.loop, *cpu, *rate, f"{row.own_p50_ms:.2f}"])
    return table.markdown(head, lines)


if __name__ == "__main__":
    sys.exit(main())
