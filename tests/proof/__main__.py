"""The whole proof: `python -m tests.proof` (`make proof`) takes about two hours and a half and prints a table of what the
server survived.

Each attack runs in a process of its own, and as many at once as there are processors. Those that need only processors
use what the others leave. `--short` does the same in minutes. `--only kill` runs the attacks with that in their name.
The printed seed repeats the same random choices. The process ends with 1 at the first broken promise, and names it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import faults
from tests.servers import ROOT

from . import file_kills, full, kills, power, stock, weather
from .simulation.__main__ import several
from .together import run_together, stops_at_sigterm

SQLITE, CLUSTER = "suhbat", "cluster"


@dataclass(frozen=True, slots=True)
class Size:
    """The amount of work for each attack."""

    histories: int
    sqlite_kills: int
    cluster_kills: int
    weather_seconds: float
    recordings: int
    cuts: int
    full: int
    faults: faults.Times
    uvicorn_kills: int
    folds: int
    thread_counts: tuple[int, int]
    """Over SQLite, over PostgreSQL: there one costs three times as much."""
    stock: tuple[int, int, int]
    """Megabytes of an upload, connections that are cut, kills."""
    file_kills: int


LONG = Size(100_000, 300, 200, 300.0, 10, 1_000, 20, faults.LONG, 50, 1_000, (20_000, 2_000), (200, 10, 1), 30)
SHORT = Size(400, 10, 6, 20.0, 1, 100, 2, faults.SHORT, 4, 100, (100, 20), (20, 3, 1), 4)
AT_ONCE = 1_000
"""Histories in one run of hypothesis, which keeps all of them in memory."""

Figures = Mapping[str, int]
Attack = Callable[[Path, int, Size], Figures]


def simulation(place: Path, seed: int, size: Size) -> Figures:
    return several(size.histories, seed, os.cpu_count() or 1)


def kills_sqlite(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(kills.run(SQLITE, place, seed, size.sqlite_kills))


def kills_cluster(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(kills.run(CLUSTER, place, seed, size.cluster_kills))


def kills_uvicorn(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(kills.run("uvicorn", place, seed, size.uvicorn_kills))


def folds(place: Path, seed: int, size: Size) -> Figures:
    """Run by pytest: the histories and their folding, in Python and in JavaScript, are tests."""
    tests = ("tests/store/test_fold.py", "tests/test_web_units.py::test_random_histories")
    _pytest(*tests, "--hypothesis-seed", str(seed), SUHBAT_HISTORIES=str(size.folds))
    return {"histories, on each store": size.folds}


def thread_counts(place: Path, seed: int, size: Size) -> Figures:
    """Run by pytest, too: counts of threads against the log."""
    for store, wanted in zip(("sqlite", "postgres"), size.thread_counts, strict=True):
        for first in range(0, wanted, AT_ONCE):
            some = str(min(AT_ONCE, wanted - first))
            test = f"tests/store/test_thread_counts.py::test_every_count_is_what_the_log_says[{store}]"
            _pytest(test, "-n", "0", "--hypothesis-seed", str(seed + first), SUHBAT_THREADS=some)
    over_sqlite, over_postgres = size.thread_counts
    return {"histories over SQLite": over_sqlite, "histories over PostgreSQL": over_postgres}


def attackers(place: Path, seed: int, size: Size) -> Figures:
    """Run by pytest: the attacks of strangers (tests/proof/attacks), larger than in `make test` and on every kind of
    server, and requests of every form to every route."""
    said = _pytest("tests/proof/attacks", "tests/http/test_schema.py", "-n", "0", SUHBAT_ATTACKS="full")
    return {"attacks of strangers": int(re.findall(r"(\d+) passed", said)[-1])}


def _pytest(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "0", *arguments]
    given = os.environ | environment
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-10_000:]
    return done.stdout


def weather_sqlite(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(weather.run(SQLITE, place, seed, size.weather_seconds))


def weather_cluster(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(weather.run(CLUSTER, place, seed, size.weather_seconds))


def power_loss(place: Path, seed: int, size: Size) -> Figures:
    return _recordings(place, seed, size, eio=False)


def failing_flushes(place: Path, seed: int, size: Size) -> Figures:
    return _recordings(place, seed, size, eio=True)


def _recordings(place: Path, seed: int, size: Size, *, eio: bool) -> Figures:
    counted: Counter[str] = Counter()
    for number in range(size.recordings):
        (own := place / str(number)).mkdir()
        counted += power.run(own, seed + number, 6.0, size.cuts, eio=eio)
    return counted


def full_sqlite(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(full.run(SQLITE, place, size.full))


def full_cluster(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(full.run(CLUSTER, place, size.full))


def file_kills_sqlite(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(file_kills.run(SQLITE, place, seed, size.file_kills))


def file_kills_cluster(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(file_kills.run(CLUSTER, place, seed, size.file_kills))


def stock_clients(place: Path, seed: int, size: Size) -> Figures:
    return asyncio.run(stock.run(place, seed, *size.stock))


def three_nodes(place: Path, seed: int, size: Size) -> Figures:
    for line in (said := asyncio.run(faults.run(place, size.faults, seed, people=8, pause=1.0))):
        print(f"    {line}")
    pairs = [line.rpartition(": ") for line in said if ": " in line]
    return {name: int(count.replace(",", "")) for name, _, count in pairs}


BESIDE: Mapping[str, Attack] = {
    "simulated histories": simulation,
    "counts of threads": thread_counts,
    "what clients fold": folds,
}
"""They need only processors."""
SERVERS: Mapping[str, Attack] = {
    "kill -9, PostgreSQL + NATS": kills_cluster,
    "flushes that fail, then power loss, SQLite": failing_flushes,
    "power loss, SQLite": power_loss,
    "kill -9, SQLite": kills_sqlite,
    "three nodes, their engines killed, paused, cut off": three_nodes,
    "network, SIGSTOP and clock, SQLite": weather_sqlite,
    "network, SIGSTOP and clock, PostgreSQL + NATS": weather_cluster,
    "what strangers do": attackers,
    "kill -9, uvicorn main:app": kills_uvicorn,
    "files under kill -9, SQLite": file_kills_sqlite,
    "files under kill -9, two nodes": file_kills_cluster,
    "a full disk, SQLite": full_sqlite,
    "a full disk, PostgreSQL + NATS": full_cluster,
    "tus-js-client over a bad network": stock_clients,
}
"""They need time as well. The longest come first, so that no processor is left idle at the end."""
ATTACKS: Mapping[str, Attack] = {**SERVERS, **BESIDE}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", help="attacks whose name has this in it")
    parser.add_argument("--one", help="the attack with this name, in this process")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    asked = parser.parse_args()
    if not any(asked.one == name if asked.one else asked.only in name for name in ATTACKS):
        parser.error(f"no attack has this name: {'; '.join(ATTACKS)}")
    stops_at_sigterm()
    if asked.one:
        logging.disable()  # the clients log every broken connection
        _attack(asked.one, asked.seed, SHORT if asked.short else LONG)
        return
    print(f"seed {asked.seed}", flush=True)

    def commands(attacks: Mapping[str, Attack]) -> list[list[str]]:
        same = ["--seed", str(asked.seed)] + ["--short"] * asked.short
        return [[sys.executable, "-m", "tests.proof", *same, "--one", name] for name in attacks if asked.only in name]

    if not run_together(commands(SERVERS), commands(BESIDE), os.cpu_count() or 1):
        sys.exit(1)
    print("every promise was kept", flush=True)


def _attack(name: str, seed: int, size: Size) -> None:
    """Run an attack and print its counts. At a broken promise this process ends with 1."""
    print(f"{name} …", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        try:
            figures = ATTACKS[name](Path(place), seed, size)
        except BaseException as error:
            # SIGTERM and Ctrl+C end an attack, too, and say nothing of the promises.
            print(f"{'BROKEN' if isinstance(error, Exception) else 'ended'}: {name}, seed {seed}", flush=True)
            raise
    for what, count in figures.items():
        print(f"| {name} | {what} | {count:,} |", flush=True)
    print(f"    {name}: kept, in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
