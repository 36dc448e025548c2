"""Simulated histories: `python -m tests.proof.simulation --histories 1000`. The seed that it prints gives the same ones again.

A failing history is made as short as possible, and its steps are printed. `--history 7/12` repeats number 12 of seed 7 alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..sabotage import SABOTAGE
from .hashes import surroundings
from .loop import graveyard
from .machine import COUNTED, Chat
from .node import surround
from .steps import Step, draw, shortest

STEPS = 40
ROUND = 500
"""Histories after which everything that they left in memory is collected."""


def simulate(histories: int, number: int, *, shrink: bool = True) -> Counter[str]:
    """Run this many histories. Raises the exception of the first failure; its notes have the steps that fail."""
    COUNTED.clear()
    for begin in range(0, histories, ROUND):
        with graveyard():
            for index in range(begin, min(begin + ROUND, histories)):
                simulate_one(f"{number}/{index}", shrink=shrink)
    return COUNTED


def simulate_one(seed: str, *, shrink: bool = True) -> None:
    """Run one history."""
    steps = draw(random.Random(seed), STEPS)
    failure = _failure(seed, steps)
    if failure is None:
        return
    if shrink:
        steps = shortest(steps, lambda fewer: type(_failure(seed, fewer)) is type(failure))
        failure = _failure(seed, steps) or failure
    failure.add_note("\n".join([f"history {seed}:", *map(str, steps)]))
    raise failure


def _failure(seed: str, steps: Sequence[Step]) -> Exception | None:
    try:
        Chat(seed).run(steps)
    except Exception as error:
        return error
    finally:
        gc.collect(0)  # what the history has left is the youngest generation; `graveyard` has disabled the others
    return None


def several(histories: int, number: int, processes: int) -> Counter[str]:
    """The same in several processes. Raises AssertionError with the output of a process as soon as one fails."""
    command = [sys.executable, "-m", "tests.proof.simulation", "--processes", "1", "--json"]
    share = str(-(-histories // processes))
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        started = {Path(place) / str(process): number + 1_000_000 * process for process in range(processes)}
        running = {
            output: _start([*command, "--histories", share, "--seed", str(one)], one, output)
            for output, one in started.items()
        }
        try:
            while any(one.poll() is None for one in running.values()):
                assert not any(one.poll() for one in running.values()), _said(running)
                time.sleep(0.1)
            for output, one in running.items():
                assert one.returncode == 0, _said(running)
                counted.update(json.loads(output.read_text(encoding="utf-8").splitlines()[-1]))
        finally:
            for one in running.values():
                one.kill()
                one.wait(10)
    return counted


def _start(command: list[str], seed: int, output: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=surroundings(seed))


def _said(running: Mapping[Path, subprocess.Popen[bytes]]) -> str:
    """The end of the output of the failed processes."""
    failed = [output for output, process in running.items() if process.poll()]
    return "\n".join(output.read_text(encoding="utf-8")[-10_000:] for output in failed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--history", metavar="SEED/NUMBER")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--sabotage", choices=sorted(SABOTAGE), action="append", default=[])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    seed = int(asked.history.partition("/")[0]) if asked.history else asked.seed
    if asked.processes == 1 and os.environ.get("PYTHONHASHSEED") != (env := surroundings(seed))["PYTHONHASHSEED"]:
        again = [sys.executable, "-m", "tests.proof.simulation", *sys.argv[1:], "--seed", str(asked.seed)]
        sys.exit(subprocess.run(again, env=env, check=False).returncode)
    surround()
    for name in asked.sabotage:
        SABOTAGE[name]()
    if asked.history:
        with graveyard():
            simulate_one(asked.history, shrink=not asked.sabotage)
        return
    if not asked.json:
        print(f"seed {asked.seed}", flush=True)
    began = time.monotonic()
    if asked.processes > 1:
        counted = several(asked.histories, asked.seed, asked.processes)
    else:
        counted = simulate(asked.histories, asked.seed, shrink=not asked.sabotage)
    if asked.json:
        print(json.dumps(counted))
        return
    for name, count in sorted(counted.items()):
        print(f"{name:40} {count:12,}")
    print(f"{counted['histories'] / (time.monotonic() - began) * 60:,.0f} histories a minute")


if __name__ == "__main__":
    main()
