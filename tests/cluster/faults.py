"""Breaks a cluster under load. `python -m tests.cluster.faults` takes ten minutes and prints a report; test_faults.py
does the same in a short time."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.servers import BUSY, PATIENCE

from .parts import LIMITS, Cluster, running
from .storm import Storm

QUIET_SECONDS = 2.0
"""Without a fault a message must reach all clients within this time, so none may wait for a comparison with the store."""

LEAST = 100
"""Messages of a run, however slow the machine is."""


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds: the time between two faults, and how long each lasts."""

    quiet: float = 60.0
    pause: float = 30.0
    asleep: float = 30.0
    """The pause of a node: longer than its lease."""
    down: float = 10.0
    no_database: float = 30.0


LONG = Times()
SHORT = Times(quiet=3.0, pause=12.0, asleep=12.0, down=3.0, no_database=3.0)
SHORTEST = Times(quiet=0.7, pause=3.0, asleep=11.0, down=1.5, no_database=2.0)


class Faults:
    """The faults of a cluster. Each is a method, which returns when the fault is over."""

    def __init__(self, cluster: Cluster, times: Times, chance: random.Random) -> None:
        self.cluster = cluster
        self.times = times
        self._chance = chance

    @property
    def all(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """All faults that this machine can cause. Failing flushes need strace, which only Linux has."""
        traced = {"flushes of PostgreSQL fail": self.fail_flushes} if shutil.which("strace") else {}
        return {
            "kill -9 of a node": self.kill_node,
            "kill -9 of NATS": self.kill_nats,
            "kill -9 of PostgreSQL": self.kill_postgres,
            **traced,
            "NATS paused": self.pause_nats,
            "a node paused": self.pause_node,
            "a node cut off from NATS": self.cut_off,
            "40 KB a second from NATS": self.slow_bus,
            "a rolling restart": self.rolling_restart,
        }

    async def kill_node(self) -> None:
        async with self._without() as number:
            await asyncio.to_thread(self.cluster.nodes[number].kill)
            await asyncio.sleep(self.times.down)
            await asyncio.to_thread(self.cluster.nodes[number].start)

    async def kill_nats(self) -> None:
        await asyncio.to_thread(self.cluster.nats.kill)
        await asyncio.sleep(self.times.down)
        await asyncio.to_thread(self.cluster.nats.start)

    async def kill_postgres(self) -> None:
        await asyncio.to_thread(self.cluster.postgres.kill)
        await asyncio.sleep(self.times.no_database)
        await asyncio.to_thread(self.cluster.postgres.start)

    async def fail_flushes(self) -> None:
        """Let fsync fail with EIO. PostgreSQL ends all its processes at the first failure, tries to recover, and gives
        up if that fails too."""
        postgres = self.cluster.postgres
        pids = [postgres.pid, *(child.pid for child in psutil.Process(postgres.pid).children(recursive=True))]
        command = ["strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO", "-o", os.devnull]
        tracer = subprocess.Popen([*command, *(f"--attach={pid}" for pid in pids)], stderr=subprocess.DEVNULL)
        output, limit = postgres.place / "output.log", time.monotonic() + PATIENCE
        try:
            await asyncio.sleep(self.times.down)
            while "PANIC:" not in (printed := output.read_text(encoding="utf-8", errors="replace")):
                assert time.monotonic() < limit, f"no flush failed: {printed[-2_000:]}"
                await asyncio.sleep(0.1)
        finally:
            tracer.terminate()
            tracer.wait(PATIENCE)
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(postgres.start)

    async def pause_nats(self) -> None:
        self.cluster.nats.pause()
        await asyncio.sleep(self.times.pause)
        self.cluster.nats.resume()

    async def pause_node(self) -> None:
        """Stop a node with SIGSTOP. No new client reaches it; its own clients wait, as behind any hanging connection."""
        async with self._without() as number:
            self.cluster.pause(number)
            await asyncio.sleep(self.times.asleep)
            self.cluster.resume(number)

    async def cut_off(self) -> None:
        relay = self._chance.choice(self.cluster.relays)
        relay.turn("silent")
        await asyncio.sleep(self.times.pause)
        relay.turn("refused")
        await asyncio.sleep(0.5)
        relay.turn("open")

    async def slow_bus(self) -> None:
        """Delay the bus for one node."""
        relay = self._chance.choice(self.cluster.relays)
        relay.turn("slow")
        await asyncio.sleep(self.times.pause)
        relay.turn("open")

    async def rolling_restart(self) -> None:
        for number, node in enumerate(self.cluster.nodes):
            assert node.process is not None
            node.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)  # a load balancer polls `readyz`
            self.cluster.down.add(number)
            began = time.monotonic()
            status = await asyncio.to_thread(node.stop)
            took = time.monotonic() - began
            assert status in (0, -signal.SIGTERM), f"node {number} ended with {status} after {took:.1f} s"
            assert took < 10 + BUSY, f"node {number} took {took:.1f} s to end"
            await asyncio.to_thread(node.start)
            self.cluster.down.discard(number)

    @asynccontextmanager
    async def _without(self) -> AsyncIterator[int]:
        number = self._chance.randrange(len(self.cluster.nodes))
        self.cluster.down.add(number)
        yield number
        self.cluster.down.discard(number)


async def run(place: Path, times: Times, seed: int, people: int = 6, pause: float = 0.3, only: str = "") -> list[str]:
    """Cause every fault once under load, then check the history. Returns a report as lines; raises if a guarantee was
    broken."""
    said = [f"seed {seed}"]
    chance = random.Random(seed)
    async with running(place, **{name[7:].lower(): value for name, value in LIMITS.items()}) as cluster:
        storm = await asyncio.to_thread(Storm, cluster, people, seed, pause)
        await asyncio.sleep(2)
        storm.start()
        faults = Faults(cluster, times, chance)
        await asyncio.sleep(times.quiet)
        began = time.monotonic()
        said.append(_line("nothing", storm, began - times.quiet + 1, began))
        for name, fault in faults.all.items():
            if only and only not in name:
                continue
            at = time.monotonic()
            await fault()
            ended = time.monotonic()
            said.append(_line(name, storm, at, ended))
            await asyncio.sleep(times.quiet)
            said.append(_line("  after it", storm, ended, time.monotonic()))
            storm.failed()
            storm.mix()
            await asyncio.sleep(min(times.quiet, 1.0))
        delays = await _settled(storm, times.quiet)
        async with asyncio.timeout(PATIENCE):
            while len(storm.acknowledged) <= LEAST:
                storm.failed()
                await asyncio.sleep(0.1)
        await storm.stop()
        counted = storm.check()
        said += [f"{what}: {count:,}" for what, count in counted.items()]
        assert delays and delays[-1] < QUIET_SECONDS, f"all is well again, and a message took {delays[-1]:.2f} s"
        assert len(counted) and counted["acknowledged"] > LEAST
    return said


async def _settled(storm: Storm, seconds: float) -> list[float]:
    """The delays of a period in which all messages were fast; on a machine that is busy all the time, those of the last
    period."""
    limit = time.monotonic() + PATIENCE
    while True:
        began = time.monotonic()
        await asyncio.sleep(seconds)
        delays = storm.delays(began, time.monotonic())
        if (delays and delays[-1] < QUIET_SECONDS) or time.monotonic() > limit:
            return delays


def _line(name: str, storm: Storm, since: float, until: float) -> str:
    delays = storm.delays(since, until)
    if not delays:
        return f"{name:26} {until - since:5.1f} s  nothing was delivered"
    p50, p99 = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    return (
        f"{name:26} {until - since:5.1f} s  {len(delays):7,} deliveries, delay p50 {p50 * 1000:6.0f} ms, "
        f"p99 {p99 * 1000:6.0f} ms, most {delays[-1] * 1000:6.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between a writer's bursts, at most")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", help="faults whose name has this in it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for line in asyncio.run(
            run(Path(place), SHORT if asked.short else LONG, asked.seed, asked.people, asked.pause, asked.only)
        ):
            print(line)


if __name__ == "__main__":
    main()
