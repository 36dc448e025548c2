"""A bus inside one process: for a server of one process, where there is nobody to tell, and for tests with several nodes."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.protocol.events import LogEntry

Receive = Callable[[list[LogEntry]], None]


class MemoryExchange:
    """Where the buses of one process meet. One node alone needs none of its own."""

    def __init__(self) -> None:
        self.nodes: list[MemoryBus] = []


class MemoryBus:
    """See `chat.ports.Bus`: what one node publishes, the others of its exchange receive, in order, and not itself."""

    def __init__(self, exchange: MemoryExchange | None = None) -> None:
        self._exchange = exchange or MemoryExchange()
        self._receive: Receive | None = None

    async def open(self, receive: Receive) -> None:
        self._receive = receive
        self._exchange.nodes.append(self)

    async def close(self) -> None:
        """Idempotent; nothing is received after it."""
        if self in self._exchange.nodes:
            self._exchange.nodes.remove(self)
        self._receive = None

    def publish(self, entries: list[LogEntry]) -> None:
        for node in list(self._exchange.nodes):
            if node is not self and node._receive is not None:
                node._receive(entries)
