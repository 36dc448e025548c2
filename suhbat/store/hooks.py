"""The part of the store with webhooks: see chat.ports.hooks. The work itself is in `write.hooks`, `write.outgoing_hooks`,
`write.hook_cursors`, `write.hook_claims`, `write.hook_deliveries`, `write.hook_again` and `read.hook_events`; this class runs
it in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection
from typing import Literal, TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import (
    Actor,
    DueHook,
    HookBacklog,
    HookDelivery,
    HookTotals,
    IncomingHook,
    Milliseconds,
    OutgoingHook,
    SettledHook,
)
from suhbat.chat.ports import Clock
from suhbat.protocol.logged_events import LoggedEvent, own_log

from .people import accounts
from .read.floor import LobbyHistory
from .read.hook_events import hook_events, one_event
from .write import hook_again, hook_claims, hook_cursors, hook_deliveries, hooks, outgoing_hooks
from .write.writer import Writer

T = TypeVar("T")


class HooksOverSQL:
    """Reads through `_read`, and writes through the writer."""

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    def _open_writer(self) -> Writer: ...

    @abstractmethod
    async def _write(self, run: Callable[[Connection], T]) -> T: ...

    _clock: Clock
    _lobby_history: LobbyHistory

    async def add_hook(self, actor: Actor, hook: IncomingHook, at: int, *, of_conversation: int, of_maker: int) -> None:
        await self._open_writer().work(
            lambda transaction: hooks.add(transaction, actor, hook, at, of_conversation, of_maker),
            frozenset({hook.conversation}),
        )

    async def hooks_of(self, actor: Actor, conversation: str) -> list[IncomingHook]:
        return await self._read(lambda c: hooks.of_conversation(c, actor, conversation))

    async def hooks_by(self, uid: str) -> list[IncomingHook]:
        return await self._read(lambda c: hooks.by_maker(c, uid))

    async def end_hook(self, actor: Actor, conversation: str, id: str, at: int) -> None:
        await self._open_writer().work(
            lambda transaction: hooks.end(transaction, actor, conversation, id, at), frozenset({conversation})
        )

    async def hook_by_token(self, token_hash: bytes) -> IncomingHook | None:
        return await self._read(lambda c: hooks.by_token(c, token_hash))

    async def add_outgoing(self, actor: Actor, hook: OutgoingHook, most: int) -> None:
        await self._open_writer().work(
            lambda transaction: outgoing_hooks.add(transaction, actor, hook, most), frozenset(hook.conversations or ())
        )

    async def outgoing_of(self, uid: str) -> list[OutgoingHook]:
        return await self._read(lambda c: outgoing_hooks.of(c, uid))

    async def outgoing_in(self, actor: Actor, conversation: str) -> list[OutgoingHook]:
        return await self._read(lambda c: outgoing_hooks.of_conversation(c, actor, conversation))

    async def switch_outgoing(self, uid: str, id: str, on: bool) -> None:
        at = self._clock.wall()
        await self._write(lambda c: outgoing_hooks.switch(c, uid, id, on, at))
        if on:
            await self._write(lambda c: hook_cursors.catch_up(c, id))

    async def end_outgoing(self, uid: str, id: str) -> None:
        await self._write(lambda c: outgoing_hooks.end(c, uid, id))

    async def deliveries_of(self, uid: str, id: str) -> list[HookDelivery]:
        return await self._read(lambda c: hook_deliveries.deliveries(c, uid, id))

    async def delivery(self, uid: str, id: str, n: int) -> tuple[OutgoingHook, HookDelivery, LoggedEvent | None]:
        at = self._clock.wall()
        return await self._read(lambda c: self._delivery(c, uid, id, n, at))

    def _delivery(
        self, connection: Connection, uid: str, id: str, n: int, at: Milliseconds
    ) -> tuple[OutgoingHook, HookDelivery, LoggedEvent | None]:
        hook, one = hook_deliveries.delivery(connection, uid, id, n)
        if one.is_test:
            return hook, one, None
        found = accounts.of(connection, [uid])
        place = (one.conversation, one.seq, at, self._lobby_history)
        return hook, one, one_event(connection, hook, found[0].actor, *place) if found else None

    async def add_test(self, uid: str, id: str) -> tuple[OutgoingHook, HookDelivery]:
        at = self._clock.wall()
        return await self._open_writer().work(
            lambda transaction: hook_deliveries.add_test(transaction, uid, id, at), frozenset({own_log(uid)})
        )

    async def note_delivery(self, id: str, delivery: HookDelivery) -> None:
        await self._write(lambda c: hook_deliveries.note(c, id, delivery))

    async def claim_delivery(self, id: str, n: int, until: int) -> DueHook | Literal["not waiting", "at work"]:
        now = self._clock.wall()
        return await self._write(lambda c: hook_again.claim_delivery(c, id, n, now, until))

    async def settle_delivery(self, due: DueHook, tried: HookDelivery, at: int) -> bool:
        return await self._write(lambda c: hook_again.settle_delivery(c, due, tried, at))

    async def hook_backlog(self) -> HookBacklog:
        now = self._clock.wall()
        return await self._read(lambda c: HookBacklog(hook_cursors.is_behind(c), hook_claims.next_due(c, now)))

    async def hook_totals(self) -> HookTotals:
        return await self._read(hook_cursors.totals, aside=True)

    async def gather_hooks(self) -> bool:
        now = self._clock.wall()
        return await self._write(lambda c: hook_cursors.gather(c, now))

    async def claim_hooks(self, until: int, most: int, busy: Collection[str]) -> list[DueHook]:
        now, but = self._clock.wall(), tuple(busy)
        return await self._write(lambda c: hook_claims.claim(c, now, until, most, but))

    async def hook_events(self, due: DueHook, most: int) -> tuple[list[LoggedEvent], int]:
        now = self._clock.wall()
        return await self._read(lambda c: hook_events(c, due, most, now, self._lobby_history))

    async def holds(self, due: DueHook) -> bool:
        return await self._read(lambda c: hook_claims.holds(c, due))

    async def settle_hook(self, settled: SettledHook, at: int) -> bool:
        return await self._open_writer().work(
            lambda transaction: hook_claims.settle(transaction, settled, at), hook_claims.logs_of(settled)
        )

    async def release_hooks(self) -> None:
        await self._write(hook_claims.release)
