"""The names of connected bare guests, on this node (`Claims`) and on all nodes (`Names`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from suhbat.chat.model import Actor


@dataclass(slots=True, eq=False)
class Claim:
    """A name held by a connected bare guest. `holder`: an object of the transport, for when another client wants the name
    (the connection to ping)."""

    actor: Actor
    skeleton: str
    connections: int = 1
    holder: object | None = None
    counted: bool = False
    """Whether the guest was counted for its address: with the first message, because before that nothing of it is stored."""


class Names(Protocol):
    """The names of bare guests on all nodes; implemented by `cluster.membership`."""

    async def hold(self, claim: Claim) -> None:
        """Hold a name on all nodes. Raises NameInUse, Busy."""
        ...

    def release(self, claim: Claim) -> None:
        """Release a name on all nodes."""
        ...

    def find(self, folded: str) -> Actor | None:
        """The bare guest of another node with this folded name (`names.fold`)."""
        ...


class Claims:
    """The names of bare guests on this node, by folded name."""

    def __init__(self) -> None:
        self._held: dict[str, Claim] = {}

    def __iter__(self) -> Iterator[Claim]:
        return iter(list(self._held.values()))

    def add(self, claim: Claim) -> None:
        """Hold a name that is free."""
        self._held[claim.skeleton] = claim

    def of(self, folded: str) -> Claim | None:
        return self._held.get(folded)

    def release(self, claim: Claim) -> None:
        """Remove a closed connection of this claim; after the last one the name is free. Does nothing if it is free already."""
        claim.connections -= 1
        if claim.connections <= 0 and self._held.get(claim.skeleton) is claim:
            del self._held[claim.skeleton]
