"""The health of this process, and its metrics for Prometheus."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, generate_latest

from suhbat.chat.ports import Bus, StoreHealth

from .metrics import WRITE_SECONDS, AllWorkersCollector, StoreProbe, register
from .node import Node
from .startup import Worker

log = structlog.get_logger("suhbat")


class ProcessHealth:
    """Implements `suhbat.services.NodeHealth`. With a `worker` it shows the metrics of all workers on the data directory.
    Call `watch` once the node is made."""

    def __init__(self, data: Path, store: StoreHealth, bus: Bus, worker: Worker | None = None) -> None:
        self.draining = False
        self.registry = CollectorRegistry()
        """The metrics that `/metrics` shows."""
        self._bus = bus
        self._probe = StoreProbe(store)
        self._own = self.registry
        self._all: AllWorkersCollector | None = None
        if worker is not None:
            self._own = CollectorRegistry()
            self._all = AllWorkersCollector(self._own, data, worker.number)
            self.registry.register(self._all)

    def watch(self, node: Node) -> None:
        """Add the metrics of this node."""
        register(self._own, node, self._probe, lambda: self.draining)

    @property
    def degraded(self) -> bool:
        return not self._bus.connected

    async def metrics(self) -> bytes:
        """The metrics in Prometheus's text format. Asks the store first whether it answers."""
        await self._probe.check()
        return generate_latest(self.registry)

    async def run(self) -> None:
        """As one of several workers, write this worker's metrics for the others every WRITE_SECONDS. Returns at once
        otherwise."""
        while self._all is not None:
            await self._probe.check()
            try:
                self._all.write()
            except OSError as error:
                log.warning("metrics: the file of this worker cannot be written", error=str(error))
            await asyncio.sleep(WRITE_SECONDS)
