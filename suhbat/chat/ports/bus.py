"""What is said between processes, and who is told of it."""

from __future__ import annotations

from typing import Protocol

from suhbat.chat.model import Change
from suhbat.protocol.events import LogEntry


class BusListener(Protocol):
    """What a node does with what it hears on the bus. Called on the event loop; must not raise."""

    def published(self, entries: list[LogEntry]) -> None:
        """Events that another node has committed, in their order."""
        ...

    def noticed(self, log: str, payload: bytes, but: str | None) -> None:
        """A notice for the listeners of a log: the frame, and the uid of who is not to get it."""
        ...

    def changed(self, changes: list[Change]) -> None:
        """What another node changed that nodes keep in memory."""
        ...

    def nudged(self) -> None:
        """Another node has written down who is with it."""
        ...

    def resumed(self) -> None:
        """From here on the bus is heard (again): what was said before may have been missed."""
        ...


class Bus(Protocol):
    """Between processes: says sooner what the store already knows. Losing it costs latency, never a message.

    Nothing that speaks ever blocks or raises; it may be lost. A node does not hear itself.
    """

    @property
    def connected(self) -> bool:
        """Whether the others can hear this node."""
        ...

    @property
    def waiting(self) -> int:
        """What was said and is not handed over yet."""
        ...

    @property
    def dropped(self) -> int:
        """What was said and is lost, since the start."""
        ...

    async def open(self, listener: BusListener, group: str) -> None:
        """Begin to listen, with those who give the same `group`. Succeeds also where the bus cannot be reached yet."""
        ...

    async def close(self) -> None:
        """Idempotent; nothing is heard after it."""
        ...

    def follow(self, log: str) -> None:
        """Hear of this log, until `unfollow`."""
        ...

    def unfollow(self, log: str) -> None: ...

    def publish(self, entries: list[LogEntry]) -> None:
        """Tell the other nodes of committed events, in their order."""
        ...

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None: ...
    def tell(self, changes: list[Change]) -> None: ...
    def nudge(self) -> None: ...
