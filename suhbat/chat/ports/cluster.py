"""What several nodes over one store know of each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from suhbat.chat.model import Actor, NodeUpdate


class Passes(Protocol):
    """Things that are good for one use, on whatever node. Raises Busy."""

    async def put_pass(self, hash: bytes, body: str, seconds: int) -> None:
        """Write one down; it is good within this time."""
        ...

    async def take_pass(self, hash: bytes) -> str | None:
        """Its body; it is used up by that. None when there is none (any more)."""
        ...


class Cluster(Passes, Protocol):
    """What several nodes over one store know of each other, in the store: leases, who is where, names.

    Everything raises Busy when the store cannot be reached.
    """

    async def join(self, node: str, people: Collection[Actor], names: Mapping[str, str]) -> set[str]:
        """Begin a lease, with the people who are connected and the names (skeletons) of bare guests (uids). Gives the
        names that somebody else has by now: a guest, here or on another node, or an account."""
        ...

    async def beat(self, node: str, entered: Sequence[Actor], left: Sequence[Actor]) -> None:
        """Renew the lease, and say who came and went. Raises Lapsed."""
        ...

    async def leave(self, node: str) -> None: ...

    async def others(self, node: str, known: Mapping[str, int]) -> Mapping[str, NodeUpdate]:
        """The other nodes, with what became of their people since the versions that are `known`."""
        ...

    async def hold(self, node: str, skeleton: str, actor: Actor) -> None:
        """Hold a name for a bare guest, on all nodes; no harm where they hold it already. Raises NameInUse, Lapsed."""
        ...

    async def release(self, skeleton: str, uid: str) -> None:
        """Nobody of this uid holds it any more, if they did."""
        ...

    async def holders(self, skeletons: Collection[str]) -> set[str]:
        """The uids of the accounts, and of the token guests not yet forgotten, whose names look like these."""
        ...

    async def prune(self) -> None:
        """Forget what no node can want to know any more."""
        ...
