"""A cluster of real processes: PostgreSQL, NATS, and nodes, each of which reaches the bus through its own relay."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests import engines
from tests.relay import Relay
from tests.servers import Server

LIMITS = {
    "SUHBAT_SEND_RATE": "0",
    "SUHBAT_ADDRESS_RATE": "0",
    "SUHBAT_ROOM_RATE": "0",
    "SUHBAT_CONNECTIONS_PER_ADDRESS": "0",
}


class Cluster:
    """A cluster with its own database and bus, which a test may kill. `nodes` are started with `start`."""

    def __init__(self, place: Path, nodes: int = 3, **settings: str) -> None:
        self.place = place
        self.postgres = engines.Postgres()
        self.nats = engines.Nats()
        self.relays = [Relay(self.nats.port) for _ in range(nodes)]
        self.nodes: list[Server] = []
        self.down: set[int] = set()
        """Numbers of nodes that cannot be talked to now."""
        self._settings = {f"SUHBAT_{name.upper()}": value for name, value in settings.items()}

    async def start(self) -> None:
        from suhbat.store.postgres.store import prepare

        await asyncio.to_thread(self.postgres.start)
        await asyncio.to_thread(self.nats.start)
        url = await asyncio.to_thread(self.postgres.new_database, "suhbat")
        await asyncio.to_thread(prepare, url)
        for number, relay in enumerate(self.relays):
            await relay.start()
            settings = {
                "SUHBAT_DATABASE_URL": url,
                "SUHBAT_BUS_URL": f"nats://127.0.0.1:{relay.port}",
                "SUHBAT_LOG_LEVEL": "warning",
            }
            self.nodes.append(Server("suhbat", self.place / f"node{number}", settings=settings | self._settings))
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in self.nodes))

    async def close(self) -> None:
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                os.kill(node.process.pid, signal.SIGCONT)
                node.kill()
        for relay in self.relays:
            await relay.close()
        self.nats.close()
        self.postgres.close()

    @property
    def up(self) -> list[Server]:
        return [node for number, node in enumerate(self.nodes) if number not in self.down]

    def pause(self, number: int) -> None:
        """Send SIGSTOP to a node."""
        process = self.nodes[number].process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)

    def resume(self, number: int) -> None:
        process = self.nodes[number].process
        assert process is not None
        os.kill(process.pid, signal.SIGCONT)


@asynccontextmanager
async def running(place: Path, nodes: int = 3, **settings: str) -> AsyncIterator[Cluster]:
    """A cluster for one test. It is ended whatever happens."""
    cluster = Cluster(place, nodes, **settings)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.close()
