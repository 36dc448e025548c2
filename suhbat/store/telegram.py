"""The part of the store for bots that speak Telegram's Bot API: see chat.ports.UpdateStore. The work itself is in
`read.telegram` and `write.telegram`; this class runs it in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, select

from suhbat.chat.model import Actor, Change, Milliseconds, NumberedEvent, OutgoingHook
from suhbat.chat.ports import Clock
from suhbat.protocol.logged_events import own_log

from .read import telegram as reading
from .read.floor import LobbyHistory
from .tables import telegram_bots
from .write import telegram as writing
from .write.writer import Writer

T = TypeVar("T")

KEPT: Milliseconds = 24 * 3600 * 1000
"""How long an update waits for its bot."""
PASSED = 1000
"""Events of other types that are passed again and again before their cursors are written, at most."""
_TRIES = 5


class TelegramOverSQL:
    """Reads through `_read`, and writes through the writer."""

    _clock: Clock
    _lobby_history: LobbyHistory

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    async def _write(self, run: Callable[[Connection], T], *changes: Change, quota: str | None = None) -> T: ...

    @abstractmethod
    def _open_writer(self) -> Writer: ...

    async def begin_poll(self, uid: str, offset: int, poller: str) -> bool:
        return await self._write(lambda c: writing.begin_poll(c, uid, offset, poller))

    async def confirm_updates(self, uid: str, offset: int) -> None:
        await self._write(lambda c: writing.confirm(c, uid, offset))

    async def is_polling(self, uid: str, poller: str) -> bool:
        query = select(telegram_bots.c.poller).where(telegram_bots.c.uid == uid)
        return await self._read(lambda c: c.execute(query).scalar()) == poller

    async def number_events(self, actor: Actor, types: Collection[str], limit: int) -> bool:
        wanted, after = tuple(types), self._clock.wall() - KEPT
        for _ in range(_TRIES):
            found = await self._read(lambda c: reading.unnumbered(c, actor, wanted, limit, after, self._lobby_history))
            if found.last is None:
                return False
            if not found.events and not found.has_more and found.passed < PASSED:
                return False  # a poll that waits is woken by everything, and would write each time
            if await self._write(partial(writing.keep, uid=actor.uid, found=found, before=after)):
                return bool(found.events) or found.has_more
        return True

    async def numbered_events(self, actor: Actor, limit: int) -> list[NumberedEvent]:
        after = self._clock.wall() - KEPT
        return await self._read(lambda c: reading.numbered(c, actor, limit, after, self._lobby_history))

    async def count_updates(self, uid: str) -> int:
        after = self._clock.wall() - KEPT
        return await self._read(lambda c: reading.count(c, uid, after))

    async def set_webhook(self, hook: OutgoingHook, session: str | None = None, *, drop: bool = False) -> None:
        logs = frozenset({own_log(hook.uid)})
        await self._open_writer().work(
            lambda transaction: writing.set_webhook(transaction, hook, session, to_drop=drop), logs
        )

    async def end_webhook(self, uid: str, *, drop: bool = False) -> None:
        await self._write(lambda c: writing.end_webhook(c, uid, to_drop=drop))

    async def webhook(self, uid: str) -> OutgoingHook | None:
        return await self._read(lambda c: writing.webhook_of(c, uid))

    async def direct_of(self, uid: str, peer: str) -> str | None:
        return await self._read(lambda c: writing.direct_of(c, uid, peer))
