"""A bus inside one process: for a server of one process, where there is nobody to tell, and for tests with several nodes."""

from __future__ import annotations

from collections import Counter

from suhbat.chat.model import Change
from suhbat.chat.ports import Ears
from suhbat.protocol.events import LogEntry


class MemoryExchange:
    """Where the buses of one process meet. One node alone needs none of its own."""

    def __init__(self) -> None:
        self.nodes: list[MemoryBus] = []


class MemoryBus:
    """See `chat.ports.Bus`: what one node says, the others of its exchange hear, in order and at once."""

    connected = True
    waiting = 0
    dropped = 0

    def __init__(self, exchange: MemoryExchange | None = None) -> None:
        self._exchange = exchange or MemoryExchange()
        self._ears = Ears()
        self._followed: Counter[str] = Counter()

    async def open(self, ears: Ears, group: str = "") -> None:
        self._ears = ears
        self._exchange.nodes.append(self)

    async def close(self) -> None:
        if self in self._exchange.nodes:
            self._exchange.nodes.remove(self)
        self._ears = Ears()

    def follow(self, log: str) -> None:
        self._followed[log] += 1

    def unfollow(self, log: str) -> None:
        self._followed[log] -= 1

    def publish(self, entries: list[LogEntry]) -> None:
        for node in self._others():
            if wanted := [entry for entry in entries if node._followed[entry.log] > 0]:
                node._ears.entries(wanted)

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None:
        for node in self._others():
            if node._followed[log] > 0:
                node._ears.notice(log, payload, but)

    def tell(self, changes: list[Change]) -> None:
        for node in self._others():
            node._ears.changes(changes)

    def nudge(self) -> None:
        for node in self._others():
            node._ears.nudge()

    def _others(self) -> list[MemoryBus]:
        return [node for node in self._exchange.nodes if node is not self]
