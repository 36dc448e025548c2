"""Webhooks in the store. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, Protocol

from suhbat.chat.model import (
    Actor,
    DueHook,
    HookBacklog,
    HookDelivery,
    HookTotals,
    IncomingHook,
    OutgoingHook,
    SettledHook,
)
from suhbat.protocol.logged_events import LoggedEvent


class HookStore(Protocol):
    """Incoming webhooks. The transaction decides, by the action `hook` of the policy, whether a user may make or remove one."""

    async def add_hook(self, actor: Actor, hook: IncomingHook, at: int, *, of_conversation: int, of_maker: int) -> None:
        """Insert an incoming webhook. Raises the refusal of the policy; TooManyHooks if there are so many already in the
        conversation, or by this maker."""
        ...

    async def hooks_of(self, actor: Actor, conversation: str) -> list[IncomingHook]:
        """The incoming webhooks of a conversation, the oldest first. Raises the refusal of the policy."""
        ...

    async def hooks_by(self, uid: str) -> list[IncomingHook]:
        """The incoming webhooks that an account has made, in whatever conversation, the oldest first."""
        ...

    async def end_hook(self, actor: Actor, conversation: str, id: str, at: int) -> None:
        """Delete an incoming webhook. Its maker always may. Raises NotFound if there is none there; the refusal."""
        ...

    async def hook_by_token(self, token_hash: bytes) -> IncomingHook | None: ...


class HookClaims(Protocol):
    """What may be sent for a claim, which was made a moment ago."""

    async def holds(self, due: DueHook) -> bool:
        """Whether a claim still holds, and its webhook is on and has the same address. A cheap read."""
        ...


class OutgoingHookStore(HookClaims, Protocol):
    """Outgoing webhooks, their deliveries, and how far each of them is in each log. Any node may gather and claim.

    Times are those of the caller's clock.
    """

    async def add_outgoing(self, actor: Actor, hook: OutgoingHook, most: int) -> None:
        """Insert an outgoing webhook; it begins with the next event. Raises NotFound if the actor may not read one of its
        conversations; TooManyHooks if they have `most` already."""
        ...

    async def outgoing_of(self, uid: str) -> list[OutgoingHook]:
        """The outgoing webhooks of an account, the oldest first, without those of its bots (`UpdateStore.webhook`)."""
        ...

    async def outgoing_in(self, actor: Actor, conversation: str) -> list[OutgoingHook]:
        """The outgoing webhooks of anybody that are told of this conversation, the oldest first, without their other
        conversations. Raises the refusal of the policy, as `HookStore.hooks_of` does."""
        ...

    async def switch_outgoing(self, uid: str, id: str, on: bool) -> None:
        """Switch an outgoing webhook of this account off, or on again: then it goes on where it stopped, at once. Raises
        NotFound."""
        ...

    async def end_outgoing(self, uid: str, id: str) -> None:
        """Delete an outgoing webhook of this account. Raises NotFound."""
        ...

    async def deliveries_of(self, uid: str, id: str) -> list[HookDelivery]:
        """The last deliveries of an outgoing webhook of this account, the newest first. Raises NotFound."""
        ...

    async def delivery(self, uid: str, id: str, n: int) -> tuple[OutgoingHook, HookDelivery, LoggedEvent | None]:
        """A delivery, and its event as it is now; None for a test, and if the account may not read it any more. Raises
        NotFound."""
        ...

    async def add_test(self, uid: str, id: str) -> tuple[OutgoingHook, HookDelivery]:
        """Log a test of an outgoing webhook of this account, before its first attempt. Raises NotFound."""
        ...

    async def note_delivery(self, id: str, delivery: HookDelivery) -> None:
        """One more attempt of a delivery was made: replace its status, its reason and its time."""
        ...

    async def claim_delivery(self, id: str, n: int, until: int) -> DueHook | Literal["not waiting", "at work"]:
        """Claim the cursor whose next event is the delivery `n`, also before it is due and while the webhook is off; settle it
        with `settle_delivery`. `not waiting`: its event is in no queue any more. `at work`: somebody has claimed the webhook;
        the event is due from now on."""
        ...

    async def settle_delivery(self, due: DueHook, tried: HookDelivery, at: int) -> bool:
        """Log an attempt that was brought forward, and end its claim. If it has succeeded, its event is settled; otherwise it
        is tried again when it would have been, and the pauses do not grow. Returns the same as `settle_hook`."""
        ...

    async def hook_backlog(self) -> HookBacklog:
        """Whether there is something to gather, and when the next cursor can be claimed. A cheap read."""
        ...

    async def hook_totals(self) -> HookTotals: ...

    async def gather_hooks(self) -> bool:
        """Find out which outgoing webhooks the next events concern. Returns whether there are more events."""
        ...

    async def claim_hooks(self, until: int, most: int, busy: Collection[str]) -> list[DueHook]:
        """Claim cursors that are due, those that wait longest first: at most `most`, one of a webhook, few of an account,
        none of the webhooks `busy`. Nobody else gets the webhook before `until`, unless the cursor is settled."""
        ...

    async def hook_events(self, due: DueHook, most: int) -> tuple[list[LoggedEvent], int]:
        """The next events after a cursor that its webhook is to be told of, as they are now, among `most` events; and up to
        which `seq` this is everything."""
        ...

    async def settle_hook(self, settled: SettledHook, at: int) -> bool:
        """Move a cursor, log its deliveries, and end the claim. A webhook that is switched off is told to its maker in
        their own log. Does nothing if somebody else has claimed the webhook meanwhile. Returns whether the maker has more that
        is due: it may have waited for the end of this claim."""
        ...

    async def release_hooks(self) -> None:
        """End all claims: of this process before it was killed, where no other node is at work."""
        ...
