"""A bus inside one process, for a server of one process (nobody listens there) and for tests with several nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from suhbat.chat.model import Change
from suhbat.chat.ports import BusListener, GrowthPart
from suhbat.protocol.logged_events import LoggedEvent


class MemoryExchange:
    """Connects the buses of one process. A single node does not need one."""

    def __init__(self) -> None:
        self.nodes: list[MemoryBus] = []


class MemoryBus:
    """See `chat.ports.Bus`. The other nodes of the exchange get each message at once and in order."""

    connected = True
    waiting = 0
    dropped = 0

    def __init__(self, exchange: MemoryExchange | None = None) -> None:
        self._exchange = exchange or MemoryExchange()
        self._listener: BusListener | None = None
        self._followed: Counter[str] = Counter()

    async def open(self, listener: BusListener, group: str = "") -> None:
        self._listener = listener
        self._exchange.nodes.append(self)

    async def close(self) -> None:
        if self in self._exchange.nodes:
            self._exchange.nodes.remove(self)
        self._listener = None

    def follow(self, log: str) -> None:
        self._followed[log] += 1

    def unfollow(self, log: str) -> None:
        self._followed[log] -= 1

    def publish(self, entries: list[LoggedEvent]) -> None:
        for node, listener in self._others():
            if wanted := [entry for entry in entries if node._followed[entry.log] > 0]:
                listener.published(wanted)

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None:
        for node, listener in self._others():
            if node._followed[log] > 0:
                listener.noticed(log, payload, but)

    def grew(self, log: str, parts: Sequence[GrowthPart], *, to_all: bool = False) -> None:
        for node, listener in self._others():
            if to_all or node._followed[log] > 0:
                listener.grew(log, parts)

    def ask_growth(self, log: str, seq: int) -> None:
        for _, listener in self._others():
            listener.growth_asked(log, seq)

    def tell(self, changes: list[Change]) -> None:
        for _, listener in self._others():
            listener.changed(changes)

    def nudge(self) -> None:
        for _, listener in self._others():
            listener.nudged()

    def _others(self) -> list[tuple[MemoryBus, BusListener]]:
        nodes = self._exchange.nodes
        return [(node, node._listener) for node in nodes if node is not self and node._listener is not None]
