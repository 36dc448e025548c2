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
from .write import older_push_rooms, push_queue, push_recipients, push_rooms
from .write.older_push_rooms import NEVER

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
        backlog, are_older = await self._read(_backlog)
        if are_older:  # only in a rolling update
            await self._write(older_push_rooms.adopt)
            backlog, _ = await self._read(_backlog)
        return backlog

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


_NEXT = select(
    select(func.min(push_due.c.due_at)).where(push_due.c.due_at < NEVER).scalar_subquery(),
    push_rooms.NEXT.scalar_subquery(),
    older_push_rooms.ARE_THERE,
)


def _backlog(connection: Connection) -> tuple[PushBacklog, bool]:
    """The backlog, and whether there are rooms of the older form, which are to be adopted first."""
    *due, are_older = connection.execute(_NEXT).one()
    due_at = min((at for at in due if at is not None), default=None)
    return PushBacklog(push_recipients.is_behind(connection), due_at), bool(are_older)
