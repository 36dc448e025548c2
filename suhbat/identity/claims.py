"""Names that connected bare guests hold, on this node (`Claims`) and on all of them (`Names`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from suhbat.chat.model import Actor


@dataclass(slots=True, eq=False)
class Claim:
    """A name held by a connected bare guest. `holder`: whatever the transport wants to find there when the name is
    wanted by another (the connection to ping)."""

    actor: Actor
    skeleton: str
    connections: int = 1
    holder: object | None = None
    counted: bool = False
    """Whether it counts as a guest of its address: with the first thing it says, for only then something is kept of it."""


class Names(Protocol):
    """The names of bare guests over several nodes."""

    async def hold(self, claim: Claim) -> None:
        """Hold it on all of them. Raises NameInUse, Busy."""
        ...

    def release(self, claim: Claim) -> None:
        """It is free again."""
        ...

    def find(self, folded: str) -> Actor | None:
        """The guest who is connected to another node under a name that looks like this (`names.fold`)."""
        ...


class Claims:
    """The names that bare guests hold on this node, by what they look like."""

    def __init__(self) -> None:
        self._held: dict[str, Claim] = {}

    def __iter__(self) -> Iterator[Claim]:
        return iter(list(self._held.values()))

    def add(self, claim: Claim) -> None:
        """Hold a name that nobody holds."""
        self._held[claim.skeleton] = claim

    def of(self, folded: str) -> Claim | None:
        return self._held.get(folded)

    def release(self, claim: Claim) -> None:
        """A connection of this claim is gone; with the last one the name is free. Harmless when already free."""
        claim.connections -= 1
        if claim.connections <= 0 and self._held.get(claim.skeleton) is claim:
            del self._held[claim.skeleton]
