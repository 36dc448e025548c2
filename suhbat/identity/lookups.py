"""Reads of rows that may change during the read.

A row may be read just before it changes or is deleted, and arrive after this node was told of that. Cached then, a revoked
token would stay valid for ever. So each change is reported here, and a read during which one of its rows changed is repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Row = TypeVar("Row")

AT_ONCE = 500
"""The most rows of one read."""


@dataclass(slots=True, eq=False)
class _Meanwhile:
    """The rows that changed during one read."""

    keys: set[str] = field(default_factory=set)
    everything: bool = False


class Lookups(Generic[Row]):
    """The reads of one kind of rows. `key`: gives the key of a row."""

    def __init__(self, key: Callable[[Row], str]) -> None:
        self._key = key
        self._running: set[_Meanwhile] = set()

    def changed(self, keys: Collection[str] | None) -> None:
        """Report changed rows (None: unknown which). Call it when the change is durable, and before they are read again."""
        for meanwhile in self._running:
            meanwhile.keys.update(keys or ())
            meanwhile.everything |= keys is None

    async def of(
        self, keys: Collection[str], read: Callable[[Collection[str]], Awaitable[Sequence[Row]]]
    ) -> dict[str, Row]:
        """The rows with these keys, by key. Missing rows are left out."""
        return await self._fresh(lambda: read(keys), keys) if keys else {}

    async def one(self, read: Callable[[], Awaitable[Row | None]]) -> Row | None:
        """The row that `read` returns."""

        async def rows() -> Sequence[Row]:
            row = await read()
            return [] if row is None else [row]

        return next(iter((await self._fresh(rows, ())).values()), None)

    async def _fresh(self, read: Callable[[], Awaitable[Sequence[Row]]], keys: Collection[str]) -> dict[str, Row]:
        while True:
            meanwhile = _Meanwhile()
            self._running.add(meanwhile)
            try:
                rows = {self._key(row): row for row in await read()}
            finally:
                self._running.discard(meanwhile)
            if not meanwhile.everything and meanwhile.keys.isdisjoint([*rows, *keys]):
                return rows


def groups(keys: Collection[str]) -> Iterator[list[str]]:
    """All keys in groups of AT_ONCE."""
    listed = list(keys)
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]
