"""Outgoing webhooks: made, listed, switched and removed by their makers. How they are told is in `delivering`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from suhbat.chat.model import Actor, HookDelivery, OutgoingHook
from suhbat.chat.ports import Clock, OutgoingHookStore
from suhbat.errors import BadRequest, Forbidden, NotFound

from .delivering import Delivering, Receivers
from .incoming_hooks import MOST_NAME, NewTokens, checked_name
from .signing import SECRET_BYTES, secret_of

OF_MAKER = 20
"""Outgoing webhooks of one account, at most."""
MOST_CONVERSATIONS = 100
"""Conversations of one webhook, at most; all rooms of its maker do not count."""
MOST_URL = 2000
TYPES = (
    "message.created", "message.edited", "message.deleted", "message.pinned", "message.unpinned", "reaction.added",
    "reaction.removed", "member.joined", "member.left", "member.updated", "member.muted", "conversation.updated",
)  # fmt: skip
"""The types of events that webhooks can be told of: those of conversations."""


class OutgoingHooks:
    """`random`: gives so many random bytes. `wake`: makes the dispatcher look at once."""

    def __init__(
        self,
        store: OutgoingHookStore,
        receivers: Receivers,
        delivering: Delivering,
        clock: Clock,
        tokens: NewTokens,
        random: Callable[[int], bytes],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._receivers = receivers
        self._delivering = delivering
        self._clock = clock
        self._tokens = tokens
        self._random = random
        self._wake = wake

    async def make(
        self, actor: Actor, url: str, conversations: Sequence[str] | None, types: Sequence[str], name: str
    ) -> OutgoingHook:
        """A new webhook, whose secret is shown only now. `conversations`: None for all rooms. Raises BadRequest, Forbidden,
        NotFound, TooManyHooks."""
        require_account(actor)
        origin = self._receivers.origin(url) if len(url) <= MOST_URL else None
        if origin is None:
            raise BadRequest(reason="hook_url")
        hook = OutgoingHook(
            id=self._tokens.id("k"),
            uid=self._tokens.id("u"),
            maker_uid=actor.uid,
            name=checked_name(name or origin.partition("://")[2][:MOST_NAME]),
            url=url,
            secret=secret_of(self._random(SECRET_BYTES)),
            types=tuple(dict.fromkeys(types)),
            conversations=None if conversations is None else tuple(dict.fromkeys(conversations)),
            created_at=self._clock.wall(),
        )
        await self._store.add_outgoing(actor, hook, OF_MAKER)
        return hook

    async def of(self, actor: Actor) -> list[OutgoingHook]:
        """The webhooks of an account, the oldest first. Raises Forbidden."""
        require_account(actor)
        return await self._store.outgoing_of(actor.uid)

    async def of_conversation(self, actor: Actor, conversation: str) -> list[OutgoingHook]:
        """The webhooks of anybody that are told of a conversation, for its moderators. Raises Forbidden, NotFound."""
        return await self._store.outgoing_in(actor, conversation)

    async def switch(self, actor: Actor, id: str, on: bool) -> None:
        """Switch a webhook off, or on again: then it goes on where it stopped. Raises Forbidden, NotFound."""
        require_account(actor)
        await self._store.switch_outgoing(actor.uid, id, on)
        self._wake()

    async def remove(self, actor: Actor, id: str) -> None:
        """Remove a webhook. Raises Forbidden, NotFound."""
        require_account(actor)
        await self._store.end_outgoing(actor.uid, id)

    async def deliveries(self, actor: Actor, id: str) -> list[HookDelivery]:
        """The last deliveries of a webhook, the newest first. Raises Forbidden, NotFound."""
        require_account(actor)
        return await self._store.deliveries_of(actor.uid, id)

    async def again(self, actor: Actor, id: str, n: int) -> HookDelivery:
        """Repeat a delivery now. Raises Forbidden, NotFound: also if the event may not be read any more."""
        require_account(actor)
        hook, delivery, event = await self._store.delivery(actor.uid, id, n)
        if event is None and not delivery.is_test:
            raise NotFound()
        return await self._delivering.now(hook, delivery, event)

    async def test(self, actor: Actor, id: str) -> HookDelivery:
        """Send a test now. Raises Forbidden, NotFound."""
        require_account(actor)
        hook, delivery = await self._store.add_test(actor.uid, id)
        return await self._delivering.now(hook, delivery, None)


def require_account(actor: Actor) -> None:
    """Raise Forbidden for guests and bots."""
    if actor.kind != "account":
        raise Forbidden("forbidden.hook")
