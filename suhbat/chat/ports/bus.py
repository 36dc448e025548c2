"""The bus between nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from suhbat.chat.model import Change
from suhbat.protocol.logged_events import LoggedEvent

GrowthPart = tuple[int, int | None, int, int, str]
"""What was added to a growing message: its `seq`, its veil and term (see `hub.growth`), the offset, the text."""


class BusListener(Protocol):
    """Receives the messages of other nodes. Called on the event loop; must not raise."""

    def published(self, entries: list[LoggedEvent]) -> None:
        """Events that another node has committed, in order."""
        ...

    def noticed(self, log: str, payload: bytes, but: str | None) -> None:
        """A notice for the listeners of a log. `payload`: the frame. `but`: the uid of a user who must not get it."""
        ...

    def grew(self, log: str, parts: Sequence[GrowthPart]) -> None:
        """What was added to growing messages of a log."""
        ...

    def growth_asked(self, log: str, seq: int) -> None:
        """Another node asks for the whole text of a growing message."""
        ...

    def changed(self, changes: list[Change]) -> None:
        """Changes by another node of data that nodes cache."""
        ...

    def nudged(self) -> None:
        """Another node has written its connected users to the store."""
        ...

    def resumed(self) -> None:
        """The bus is connected (again); earlier messages may be lost."""
        ...


class Bus(Protocol):
    """Tells other nodes sooner what is already in the store. Losing a message costs latency, never an event.

    The methods that send never block or raise; a message may be lost. A node does not receive its own messages.
    """

    @property
    def connected(self) -> bool:
        """Whether this node can reach the others."""
        ...

    @property
    def waiting(self) -> int:
        """Messages that wait to be sent."""
        ...

    @property
    def dropped(self) -> int:
        """Messages lost since the start."""
        ...

    async def open(self, listener: BusListener, group: str) -> None:
        """Connect to the nodes with the same `group`. Succeeds also if the bus cannot be reached yet."""
        ...

    async def close(self) -> None:
        """Idempotent. The listener is not called after it."""
        ...

    def follow(self, log: str) -> None:
        """Receive the messages about this log until `unfollow`."""
        ...

    def unfollow(self, log: str) -> None: ...

    def publish(self, entries: list[LoggedEvent]) -> None:
        """Send committed events, in order."""
        ...

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None: ...
    def grew(self, log: str, parts: Sequence[GrowthPart], *, to_all: bool = False) -> None:
        """Send what was added to growing messages of a log to the nodes that follow it, or to all."""
        ...

    def ask_growth(self, log: str, seq: int) -> None:
        """Ask all nodes for the whole text of a growing message."""
        ...

    def tell(self, changes: list[Change]) -> None: ...
    def nudge(self) -> None: ...
