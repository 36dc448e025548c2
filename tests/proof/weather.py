"""A bad day on one server: the network delays, halves and cuts connections, the process is paused, the clock jumps."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.relay import Relay
from tests.servers import PATIENCE, Server

from .kills import LIMITS, SERVE, Party, compare_with_history, compare_with_store, rows_of

PAUSE_SECONDS = (0.5, 3.0)
REST_SECONDS = (0.1, 1.0)


class Weather:
    """The faults that hit the connections over `relay`, and the server behind it."""

    def __init__(self, server: Server, relay: Relay, chance: random.Random) -> None:
        self._server = server
        self._relay = relay
        self._chance = chance

    @property
    def all(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "connections reset": self.reset,
            "bytes vanish, then a reset": self.silence,
            "40 KB a second": self.slow,
            "half of a frame, then a reset": self.halve,
            "SIGSTOP": self.pause,
        }

    async def reset(self) -> None:
        self._relay.turn("refused")
        await asyncio.sleep(0.2)

    async def silence(self) -> None:
        """A connection that has lost bytes cannot go on."""
        self._relay.turn("silent")
        await self._some(PAUSE_SECONDS)
        await self.reset()

    async def slow(self) -> None:
        """The server sees the same as with slow readers."""
        self._relay.turn("slow")
        await self._some(PAUSE_SECONDS)

    async def halve(self) -> None:
        self._relay.turn("halved")
        await asyncio.sleep(0.3)

    async def pause(self) -> None:
        assert self._server.process is not None
        os.kill(self._server.process.pid, signal.SIGSTOP)
        try:
            await self._some(PAUSE_SECONDS)
        finally:
            os.kill(self._server.process.pid, signal.SIGCONT)

    async def _some(self, span: tuple[float, float]) -> None:
        await asyncio.sleep(self._chance.uniform(*span))

    async def rest(self) -> None:
        self._relay.turn("open")
        await self._some(REST_SECONDS)


LEAST = 50
"""Messages of a run, however slow the machine is."""


async def run(kind: str, place: Path, seed: int, seconds: float) -> Counter[str]:
    """Apply one fault after another while the server's clock jumps by hours, for at least this time and until there was
    each kind. Then check the promises to everybody. Gives counts; raises AssertionError."""
    chance = random.Random(seed)
    server = Server(
        kind, place / "data", settings=LIMITS, command=("-m", "tests.proof.serve", "clock_jumps", "--", *SERVE)
    )
    server.start()
    relay = Relay(server.port)
    counted: Counter[str] = Counter()
    try:
        await relay.start()
        party = Party(server, chance, relay.port)
        weather = Weather(server, relay, chance)
        up = asyncio.Event()
        up.set()
        async with asyncio.TaskGroup() as tasks:
            living = [tasks.create_task(client.live(up)) for client in party.clients]
            living.append(tasks.create_task(party.sdk.live()))
            until = time.monotonic() + seconds
            turns: list[tuple[str, Callable[[], Awaitable[None]]]] = []
            while turns or time.monotonic() < until:
                if (
                    not turns
                ):  # one of each kind in random order, so that even a short time on a busy machine has all of them
                    turns = chance.sample(list(weather.all.items()), len(weather.all))
                name, happen = turns.pop()
                counted[name] += 1
                await happen()
                await weather.rest()
            async with asyncio.timeout(PATIENCE):
                while len(party.acknowledged) <= LEAST and not any(task.done() for task in living):
                    await asyncio.sleep(0.05)
            await party.finish()
            for task in living:
                task.cancel()
        await compare_with_history(server, party)
        server.stop()
        compare_with_store(rows_of(server), party)
    finally:
        await relay.close()
        if server.process is not None and server.process.poll() is None:
            server.kill()
    counted["acknowledged"] = len(party.acknowledged)
    counted["acknowledged only when repeated"] = sum(writer.duplicates for writer in party.writers)
    counted["connections"] = sum(client.connections for client in party.clients)
    return counted
