"""Numbers of users and conversations; the commands of bots, and what bots were asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from suhbat.chat.model import Actor
from suhbat.protocol.bots import BotCommand, OfferedCommand


class BotStore(Protocol):
    """What bots have beside their accounts. Writes are durable on return, or raise Busy."""

    async def number_of(self, ref: str) -> int:
        """The number of a user (a uid) or of a conversation (its id), which never changes; made if there is none. It is above 0
        and below 2**52."""
        ...

    async def ref_of(self, number: int) -> str | None:
        """The uid or the conversation with this number; None if there is none."""
        ...

    async def bot_commands(self, uid: str) -> tuple[BotCommand, ...]:
        """The commands of a bot, in its order."""
        ...

    async def set_bot_commands(self, uid: str, commands: Sequence[BotCommand]) -> None:
        """Replace the commands of a bot."""
        ...

    async def commands_in(self, actor: Actor, conversation: str) -> tuple[OfferedCommand, ...]:
        """The commands of the bots in a conversation, by the name of the bot, then in its order. Raises NotFound for an
        actor who may not read there."""
        ...
