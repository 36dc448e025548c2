"""The background work of an erasure."""

from __future__ import annotations

from .ports import Clock, Housekeeping


async def erase_all(store: Housekeeping, clock: Clock) -> None:
    """Finish all erasures that were begun. May be killed and called again."""
    while await store.erase_more(clock.wall()):
        pass
