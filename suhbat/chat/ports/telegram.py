"""What the store keeps for bots that speak Telegram's Bot API. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from suhbat.chat.model import Actor, NumberedEvent, OutgoingHook

from .hooks import HookClaims


class UpdateStore(HookClaims, Protocol):
    """The updates of bots, and their webhooks. An event is numbered when its bot asks, or when the update is to be sent to its
    webhook, once; the number is kept until the update is confirmed."""

    async def begin_poll(self, uid: str, offset: int, poller: str) -> bool:
        """Confirm updates as `confirm_updates` does, and note who asks now. Does nothing, and returns False, while the bot has
        a webhook. Raises Unauthenticated if the bot is erased."""
        ...

    async def confirm_updates(self, uid: str, offset: int) -> None:
        """Confirm all updates below `offset`; negative: all but so many. Does nothing if the bot is erased."""
        ...

    async def is_polling(self, uid: str, poller: str) -> bool:
        """Whether nobody else has asked since."""
        ...

    async def number_events(self, actor: Actor, types: Collection[str], limit: int) -> bool:
        """Number the next events of these types that the bot may read and that are not its own, the oldest first: at most
        `limit`. What is older than a day is left out. Returns False if there was nothing to number, or the bot is erased."""
        ...

    async def numbered_events(self, actor: Actor, limit: int) -> list[NumberedEvent]:
        """The first updates that are not confirmed, as the events are now."""
        ...

    async def count_updates(self, uid: str) -> int:
        """How many updates are numbered and not confirmed."""
        ...

    async def set_webhook(self, hook: OutgoingHook, session: str | None = None, *, drop: bool = False) -> None:
        """Set the webhook of the bot `hook.bot_uid`, or replace it. What is not confirmed is due at once, or with `drop`
        confirmed; a poll that waits ends. `OutgoingHookStore` claims and settles it like other webhooks. `session`: the login
        session of whoever asks for this. Raises Unauthenticated if that has ended, or the bot is erased."""
        ...

    async def end_webhook(self, uid: str, *, drop: bool = False) -> None:
        """Switch the webhook of a bot off, and forget its address and its secret. `drop`: confirm what there is."""
        ...

    async def direct_of(self, uid: str, peer: str) -> str | None:
        """The direct of these two; None if there is none."""
        ...

    async def webhook(self, uid: str) -> OutgoingHook | None:
        """The webhook of a bot, also if it is off; None if it never had one."""
        ...
