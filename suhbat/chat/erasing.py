"""Going on with what people asked to be forgotten."""

from __future__ import annotations

from .ports import Clock, Housekeeping


async def erase_all(store: Housekeeping, clock: Clock) -> None:
    """Until nothing is left of it. May be killed and called again."""
    while await store.erase_more(clock.wall()):
        pass
