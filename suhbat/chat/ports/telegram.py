"""What the store keeps for bots that speak Telegram's Bot API. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from suhbat.chat.model import Actor, NumberedEvent


class UpdateStore(Protocol):
    """The updates of bots. An event is numbered when its bot asks, once; the number is kept until the bot confirms it."""

    async def begin_poll(self, uid: str, offset: int, poller: str) -> None:
        """Confirm all updates below `offset` (negative: all but so many), and note who asks now."""
        ...

    async def is_polling(self, uid: str, poller: str) -> bool:
        """Whether nobody else has asked since."""
        ...

    async def number_events(self, actor: Actor, types: Collection[str], limit: int) -> bool:
        """Number the next events of these types that the bot may read and that are not its own, the oldest first: at most
        `limit`. What is older than a day is left out. Returns False if there was nothing to number."""
        ...

    async def numbered_events(self, actor: Actor, limit: int) -> list[NumberedEvent]:
        """The first updates that are not confirmed, as the events are now."""
        ...

    async def count_updates(self, uid: str) -> int:
        """How many updates are numbered and not confirmed."""
        ...
