"""Looking rows up in the store, so that what arrives is not older than what is known.

A row may be read just before it changes or goes, and arrive after everybody was told of that: kept in memory then, a token
that was revoked would be good for ever. Whoever is told says so here, and what is being looked up meanwhile is read again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Row = TypeVar("Row")

AT_ONCE = 500
"""Rows of one look-up, at the most."""


@dataclass(slots=True, eq=False)
class _Meanwhile:
    """What changed during one read."""

    keys: set[str] = field(default_factory=set)
    everything: bool = False


class Lookups(Generic[Row]):
    """Those of one kind of rows; `key` gives what a row is known by."""

    def __init__(self, key: Callable[[Row], str]) -> None:
        self._key = key
        self._under_way: set[_Meanwhile] = set()

    def changed(self, keys: Collection[str] | None) -> None:
        """These are not what they were (None: nobody knows which). Call when it is durable, and before reading them anew."""
        for meanwhile in self._under_way:
            meanwhile.keys.update(keys or ())
            meanwhile.everything |= keys is None

    async def of(
        self, keys: Collection[str], ask: Callable[[Collection[str]], Awaitable[Sequence[Row]]]
    ) -> dict[str, Row]:
        """The rows that there are of these keys."""
        return await self._fresh(lambda: ask(keys), keys) if keys else {}

    async def one(self, ask: Callable[[], Awaitable[Row | None]]) -> Row | None:
        """The row that `ask` finds, by whatever."""

        async def found() -> Sequence[Row]:
            row = await ask()
            return [] if row is None else [row]

        return next(iter((await self._fresh(found, ())).values()), None)

    async def _fresh(self, ask: Callable[[], Awaitable[Sequence[Row]]], keys: Collection[str]) -> dict[str, Row]:
        while True:
            meanwhile = _Meanwhile()
            self._under_way.add(meanwhile)
            try:
                rows = {self._key(row): row for row in await ask()}
            finally:
                self._under_way.discard(meanwhile)
            if not meanwhile.everything and meanwhile.keys.isdisjoint([*rows, *keys]):
                return rows


def groups(keys: Collection[str]) -> Iterator[list[str]]:
    """All of them, AT_ONCE at a time."""
    listed = list(keys)
    for at in range(0, len(listed), AT_ONCE):
        yield listed[at : at + AT_ONCE]
