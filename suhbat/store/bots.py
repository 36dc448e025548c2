"""The part of the store about bots: see chat.ports.BotStore. The work itself is in `people.bots`; this class runs it in
threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import Actor
from suhbat.protocol.bots import BotCommand, OfferedCommand

from .people import bots

T = TypeVar("T")


class BotsOverSQL:
    """Reads through `_read`, and writes through the writer."""

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    async def _write(self, run: Callable[[Connection], T]) -> T: ...

    async def number_of(self, ref: str) -> int:
        found = await self._read(lambda c: bots.number_of(c, ref))
        return await self._write(lambda c: bots.make_number(c, ref)) if found is None else found

    async def ref_of(self, number: int) -> str | None:
        return await self._read(lambda c: bots.ref_of(c, number))

    async def bot_commands(self, uid: str) -> tuple[BotCommand, ...]:
        return await self._read(lambda c: bots.commands_of(c, uid))

    async def set_bot_commands(self, uid: str, commands: Sequence[BotCommand]) -> None:
        kept = tuple(commands)
        await self._write(lambda c: bots.set_commands(c, uid, kept))

    async def commands_in(self, actor: Actor, conversation: str) -> tuple[OfferedCommand, ...]:
        return await self._read(lambda c: bots.commands_in(c, actor, conversation))
