"""The part of the store with the queue of pushes: see chat.ports.PushQueue. The work itself is in `write.push_recipients`,
`write.push_queue` and `read.push_facts`; this class runs it in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from sqlalchemy import Connection, func, select

from suhbat.chat.model import DuePush, PushBacklog, PushFacts, SettledPush
from suhbat.chat.ports import Clock

from .read.floor import LobbyHistory
from .read.push_facts import push_facts
from .tables import push_due
from .write import push_queue, push_recipients, push_rooms
from .write.push_rooms import NEVER

T = TypeVar("T")


class PushesOverSQL:
    """Reads through `_read`, and writes through the writer."""

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    async def _write(self, run: Callable[[Connection], T]) -> T: ...

    _clock: Clock
    _lobby_history: LobbyHistory

    async def push_backlog(self) -> PushBacklog:
        return await self._read(_backlog)

    async def gather_pushes(self, delay: int, *, singly: bool = False) -> bool:
        now = self._clock.wall()
        return await self._write(lambda c: push_recipients.gather(c, delay, now, singly=singly))

    async def claim_pushes(
        self, until: int, most: int, per_person: int, busy: Collection[str]
    ) -> tuple[list[DuePush], int]:
        now, but = self._clock.wall(), tuple(busy)
        while True:
            found = await self._write(lambda c: push_queue.claim(c, now, until, most, per_person, but))
            if found is not None:
                return found

    async def free_pushes(self, after: int, until: int) -> None:
        now = self._clock.wall()
        await self._write(lambda c: push_queue.free(c, now, after, until))

    async def push_facts(self, due: Sequence[DuePush]) -> list[PushFacts | None]:
        now, wanted = self._clock.wall(), tuple(due)
        return await self._read(lambda c: push_facts(c, wanted, now, self._lobby_history))

    async def settle_pushes(self, settled: Sequence[SettledPush]) -> None:
        done = tuple(settled)
        await self._write(lambda c: push_queue.settle(c, done))


_NEXT = select(func.min(push_due.c.due_at))


def _backlog(connection: Connection) -> PushBacklog:
    due_at = min(connection.execute(_NEXT).scalar() or NEVER, push_rooms.next_due(connection) or NEVER)
    return PushBacklog(push_recipients.is_behind(connection), None if due_at == NEVER else due_at)
