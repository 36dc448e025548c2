"""How this process is, and its figures for Prometheus."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, generate_latest

from suhbat.chat.ports import Bus, StoreHealth

from .metrics import FIGURES_SECONDS, Reachable, Together, measure
from .node import Node
from .worker import Worker

log = structlog.get_logger("suhbat")


class ProcessHealth:
    """See `suhbat.services.NodeHealth`. `worker`: which of several processes on a data directory it is; their figures are shown
    together. `watch` the node once it is made."""

    def __init__(self, data: Path, store: StoreHealth, bus: Bus, worker: Worker | None = None) -> None:
        self.draining = False
        self.registry = CollectorRegistry()
        """The figures that are shown."""
        self._bus = bus
        self._reachable = Reachable(store)
        self._own = self.registry
        self._together: Together | None = None
        if worker is not None:
            self._own = CollectorRegistry()
            self._together = Together(self._own, data, worker.number)
            self.registry.register(self._together)

    def watch(self, node: Node) -> None:
        """Show the figures of this node."""
        measure(self._own, node, self._reachable, lambda: self.draining)

    @property
    def degraded(self) -> bool:
        return not self._bus.connected

    async def figures(self) -> bytes:
        """What only asking can tell is found out before."""
        await self._reachable.look()
        return generate_latest(self.registry)

    async def run(self) -> None:
        """Tell the other workers of this one's figures, of whom each may be asked for all; for as long as the node lives."""
        while self._together is not None:
            await self._reachable.look()
            try:
                self._together.write()
            except OSError as error:
                log.warning("metrics: the figures of this worker cannot be written", error=str(error))
            await asyncio.sleep(FIGURES_SECONDS)
