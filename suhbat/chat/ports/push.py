"""Push subscriptions in the store. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from suhbat.chat.model import PushSubscription


class PushStore(Protocol):
    """Push subscriptions, and the key that they are bound to."""

    async def push_key(self) -> str | None:
        """The stored key pair of the server as `keep_push_key` got it; None before that."""
        ...

    async def keep_push_key(self, proposed: str) -> str:
        """Store this key pair, unless there is one. Returns the one that is stored: all nodes have the same."""
        ...

    async def save_push(self, subscription: PushSubscription, most: int) -> tuple[str, bool]:
        """Insert a subscription; one with the same endpoint is overwritten and keeps its id and `created_at`. Returns its id,
        and whether the endpoint was known.

        It moves to another account if its keys are the same, and gets a new id there: raises EndpointInUse otherwise. Raises
        Unauthenticated if the login session has ended. If the account has more than `most` then, those that were not used
        for the longest time are deleted.
        """
        ...

    async def pushes_of(self, uid: str) -> list[PushSubscription]:
        """The subscriptions of an account, in the order in which they were made."""
        ...

    async def end_push(self, uid: str, id: str) -> bool:
        """Delete a subscription of this account. False if it has none with this id."""
        ...

    async def end_pushes(self, ids: Collection[str]) -> None:
        """Delete subscriptions whose push service says that they have ended."""
        ...

    async def touch_pushes(self, ids: Collection[str], at: int) -> None:
        """Move their `last_used_at` forward to this time; never back."""
        ...
