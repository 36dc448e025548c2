"""Push subscriptions and the queue of pushes in the store. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from suhbat.chat.model import DuePush, Milliseconds, PushBacklog, PushFacts, PushSubscription, SettledPush


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


class PushQueue(Protocol):
    """Who is to be told of new messages. Any node may gather and claim; each message is gathered once.

    Times are those of the caller's clock. Clocks of nodes that differ by more than the time of a claim make pushes repeat; none
    is lost.
    """

    async def push_backlog(self) -> PushBacklog:
        """Whether there is something to gather, and when the next row is due. A cheap read."""
        ...

    async def gather_pushes(self, delay: Milliseconds, *, singly: bool = False) -> bool:
        """Find out who may have to be told of the next messages, and queue a row for each of these users and conversations, due
        `delay` after the first message. Messages that follow until it is sent belong to the same row. Returns whether there
        are more messages. `singly`: one message at a time, without those that fail.

        In a store that was restored, moved or fell far behind, nobody is told of old messages: the queue is emptied.
        """
        ...

    async def claim_pushes(
        self, until: Milliseconds, most: int, per_person: int, busy: Collection[str]
    ) -> tuple[list[DuePush], int]:
        """Claim rows that are due, the oldest first: at most `most`, and `per_person` of a user; none of `busy` users. Nobody
        else gets them before `until`, when they are due again unless they were settled. Also deletes rows that have
        expired, and returns how many."""
        ...

    async def free_pushes(self, after: Milliseconds, until: Milliseconds) -> None:
        """Make rows due now that are due after the first of these times and not after the second: among them is all that was
        claimed for so long. What a node is carrying out then is carried out twice."""
        ...

    async def push_facts(self, due: Sequence[DuePush]) -> list[PushFacts | None]:
        """What to tell the users of these rows now. None if there is nothing any more: all of it was read or deleted, may not
        be read, does not notify them; or they have no subscription."""
        ...

    async def settle_pushes(self, settled: Sequence[SettledPush]) -> None:
        """Remove these rows, or put them off. Messages that were gathered since the claim keep theirs."""
        ...
