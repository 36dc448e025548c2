"""The part of the store with webhooks: see chat.ports.HookStore. The work itself is in `write.hooks`; this class runs it in
threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import Actor, IncomingHook

from .write import hooks
from .write.writer import Writer

T = TypeVar("T")


class HooksOverSQL:
    """Reads through `_read`, and writes through the writer."""

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    def _open_writer(self) -> Writer: ...

    async def add_hook(self, actor: Actor, hook: IncomingHook, at: int, *, of_conversation: int, of_maker: int) -> None:
        await self._open_writer().work(
            lambda transaction: hooks.add(transaction, actor, hook, at, of_conversation, of_maker),
            frozenset({hook.conversation}),
        )

    async def hooks_of(self, actor: Actor, conversation: str) -> list[IncomingHook]:
        return await self._read(lambda c: hooks.of_conversation(c, actor, conversation))

    async def end_hook(self, actor: Actor, conversation: str, id: str, at: int) -> None:
        await self._open_writer().work(
            lambda transaction: hooks.end(transaction, actor, conversation, id, at), frozenset({conversation})
        )

    async def hook_by_token(self, token_hash: bytes) -> IncomingHook | None:
        return await self._read(lambda c: hooks.by_token(c, token_hash))
