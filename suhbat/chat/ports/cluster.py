"""What the nodes over one store share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from suhbat.chat.model import Actor, NodeUpdate


class Passes(Protocol):
    """One-time passes: tickets and setup codes, valid for one use on any node that shares them. Methods raise Busy."""

    async def put_pass(self, hash: bytes, body: str, seconds: int) -> None:
        """Store a pass for so many seconds. `hash`: of its code."""
        ...

    async def take_pass(self, hash: bytes) -> str | None:
        """Use a pass up and return its body; None if it is unknown, used or expired."""
        ...


class Cluster(Passes, Protocol):
    """Leases of nodes, the users connected to each, and the names of bare guests, in the store.

    All methods raise Busy if the store cannot be reached.
    """

    async def join(self, node: str, people: Collection[Actor], names: Mapping[str, str]) -> set[str]:
        """Begin a lease. `people`: the connected users. `names`: the names (skeletons) of bare guests, with their uids. Returns
        the names that belong to another user by now: a guest of any node, or an account."""
        ...

    async def beat(self, node: str, entered: Sequence[Actor], left: Sequence[Actor]) -> None:
        """Renew the lease, and store the users who arrived and left. Raises Lapsed."""
        ...

    async def set_active(self, node: str, seconds: Mapping[str, float]) -> None:
        """Store for how many seconds from now connections of these users to this node are active; 0 for no longer. Users
        who are not connected according to `join` and `beat` are passed over."""
        ...

    async def active(self, uids: Collection[str]) -> set[str]:
        """Those of these users who have an active connection to a running node."""
        ...

    async def leave(self, node: str) -> None: ...

    async def others(self, node: str, known: Mapping[str, int]) -> Mapping[str, NodeUpdate]:
        """The other nodes, with the changes of their users since the versions in `known`."""
        ...

    async def hold(self, node: str, skeleton: str, actor: Actor) -> None:
        """Hold a name for a bare guest on all nodes. Idempotent. Raises NameInUse, Lapsed."""
        ...

    async def release(self, skeleton: str, uid: str) -> None:
        """Release a name if this uid holds it."""
        ...

    async def holders(self, skeletons: Collection[str]) -> set[str]:
        """The uids of the accounts and the unexpired token guests with these folded names."""
        ...

    async def prune(self) -> None:
        """Delete rows that no node needs any more."""
        ...
