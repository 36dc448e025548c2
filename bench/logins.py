"""Measures whether logins delay other users: many at once on one event loop, and how late that loop runs meanwhile.

    python bench/logins.py [--at-once 20] [--rounds 20]

The event loop wakes every millisecond and notes how late it was. Each login verifies a password with the server's
parameters. Everything runs in one process, as in the server.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from suhbat.identity.passwords import Passwords
from suhbat.runtime.process import SWITCH_INTERVAL

TICK = 0.001
PASSWORD = "a password of the usual length"


async def measure(at_once: int, rounds: int) -> None:
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    idle = await lateness(lambda: asyncio.sleep(0.5))
    taken: list[float] = []

    async def login() -> None:
        began = time.perf_counter()
        assert (await passwords.verify(PASSWORD, stored)).right
        taken.append(time.perf_counter() - began)

    async def logins() -> None:
        for _ in range(rounds):
            await asyncio.gather(*(login() for _ in range(at_once)))

    began = time.perf_counter()
    late = await lateness(logins)
    seconds = time.perf_counter() - began
    passwords.close()
    print(f"{len(taken)} logins, {at_once} at once: {len(taken) / seconds:.0f}/s, p50 {middle(taken) * 1000:.0f} ms")
    print(f"{'event loop late by':24} {'p50':>8} {'p99':>8} {'most':>8}")
    for name, values in (("while nothing happens", idle), ("while they log in", late)):
        values.sort()
        shown = (middle(values), values[int(len(values) * 0.99)], values[-1])
        print(f"{name:24} " + " ".join(f"{value * 1000:5.1f} ms" for value in shown))


async def lateness(work: Callable[[], Coroutine[Any, Any, None]]) -> list[float]:
    """How late each tick of the loop was while this ran, in seconds."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            late.append(max(0.0, time.perf_counter() - due))

    ticking = asyncio.create_task(tick())
    await work()
    ticking.cancel()
    return late


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main() -> None:
    arguments = argparse.ArgumentParser(description="How late the event loop is while many log in.")
    arguments.add_argument("--at-once", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=20)
    options = arguments.parse_args()
    sys.setswitchinterval(SWITCH_INTERVAL)
    asyncio.run(measure(options.at_once, options.rounds))


if __name__ == "__main__":
    main()
