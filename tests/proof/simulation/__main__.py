"""Simulated histories: `python -m tests.proof.simulation --histories 1000`. The seed that it prints gives the same ones again.

A failure is made as short as possible and printed as a script of operations.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ..sabotage import SABOTAGE
from .loop import graveyard
from .machine import COUNTED, Chat

STEPS = 40
ROUND = 500
"""Histories of one run of hypothesis, which remembers all that it tried."""


def simulate(histories: int, number: int, *, shrink: bool = True) -> Counter[str]:
    """At least as many histories as asked for. Raises what the first failure raised."""
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


def several(histories: int, number: int, processes: int) -> Counter[str]:
    """The same on several processors. Raises AssertionError with what a process said."""
    command = [sys.executable, "-m", "tests.proof.simulation", "--processes", "1", "--json"]
    started = [
        subprocess.Popen(
            [*command, "--histories", str(-(-histories // processes)), "--seed", str(number + 1_000_000 * process)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        for process in range(processes)
    ]
    counted: Counter[str] = Counter()
    try:
        for one in started:
            said, _ = one.communicate()
            assert one.returncode == 0, said[-10_000:]
            counted.update(json.loads(said.splitlines()[-1]))
    finally:
        for one in started:
            one.kill()
            one.wait(10)
            assert one.stdout is not None
            one.stdout.close()
    return counted


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
