"""Simulated histories: `python -m tests.proof.simulation --histories 1000`. The seed that it prints gives the same ones again.

A failure is made as short as possible and printed as a script of operations.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ..sabotage import SABOTAGE
from .loop import graveyard
from .machine import COUNTED, Chat

STEPS = 40
ROUND = 500
"""Histories of one run of hypothesis, which keeps all of them in memory."""


def simulate(histories: int, number: int, *, shrink: bool = True) -> Counter[str]:
    """Run at least this many histories. Raises the exception of the first failure."""
    COUNTED.clear()
    while COUNTED["histories"] < histories:
        chosen = settings(
            max_examples=min(ROUND, histories - COUNTED["histories"]),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        )
        with graveyard():
            run_state_machine_as_test(seed(number)(Chat), settings=chosen)
        number += 1
    return COUNTED


def several(
    histories: int, number: int, processes: int, *, nice: int = 0, stopped: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """The same in several processes, with lower priority (`nice`, see nice(1)). Raises AssertionError with the output of a
    process as soon as one fails, and if it was stopped."""
    command = [sys.executable, "-m", "tests.proof.simulation", "--processes", "1", "--json"]
    share = str(-(-histories // processes))
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        started = {
            Path(place) / str(process): [*command, "--histories", share, "--seed", str(number + 1_000_000 * process)]
            for process in range(processes)
        }
        running = {output: _start(one, output, nice) for output, one in started.items()}
        try:
            while any(one.poll() is None for one in running.values()):
                assert not any(one.poll() for one in running.values()), _said(running)
                assert not stopped(), "stopped"
                time.sleep(0.1)
            for output, one in running.items():
                assert one.returncode == 0, _said(running)
                counted.update(json.loads(output.read_text(encoding="utf-8").splitlines()[-1]))
        finally:
            for one in running.values():
                one.kill()
                one.wait(10)
    return counted


def _start(command: list[str], output: Path, nice: int) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    if nice and sys.platform != "win32":
        psutil.Process(process.pid).nice(nice)
    return process


def _said(running: Mapping[Path, subprocess.Popen[bytes]]) -> str:
    """The end of the output of the failed processes."""
    failed = [output for output, process in running.items() if process.poll()]
    return "\n".join(output.read_text(encoding="utf-8")[-10_000:] for output in failed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--sabotage", choices=sorted(SABOTAGE), action="append", default=[])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for name in asked.sabotage:
        SABOTAGE[name]()
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
