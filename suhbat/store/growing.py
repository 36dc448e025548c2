"""The part of the store that knows which messages grow: see chat.ports.GrowingStore."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, and_, select

from suhbat.chat.model import GrowingRow

from .tables import conversations, events, growing

T = TypeVar("T")

MOST = 1_000
_ROWS = (
    select(conversations.c.name, growing.c.seq, growing.c.uid, events.c.actor, growing.c.version, events.c.text)
    .join(conversations, conversations.c.id == growing.c.conversation_id)
    .join(events, and_(events.c.conversation_id == growing.c.conversation_id, events.c.seq == growing.c.seq))
    .order_by(growing.c.conversation_id, growing.c.seq)
    .limit(MOST)
)


class GrowingOverSQL:
    """Reads through `_read`."""

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    async def growing(self) -> Sequence[GrowingRow]:
        return await self._read(lambda c: [GrowingRow(*row) for row in c.execute(_ROWS)])

    async def growing_text(self, conversation: str, seq: int) -> str | None:
        place = (conversations.c.name == conversation, growing.c.seq == seq)
        found = await self._read(lambda c: c.execute(_ROWS.where(*place)).first())
        return None if found is None else found.text
