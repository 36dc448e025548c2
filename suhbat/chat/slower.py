"""Who is refused without end hears of it more slowly: else refusing them keeps the event loop as busy as serving them would.

A program that asks again as soon as it is refused has so many refusals a second, however fast it could ask: an answer over HTTP
waits, a socket is not read for so long. Whoever is refused now and then is told at once.
"""

from __future__ import annotations

import asyncio

from suhbat.errors import Busy, RateLimited, TooManyConversations, TooManyInvitations, TooManyReactions

from .rate import KEPT, Recent

CODES = frozenset(
    error.code for error in (RateLimited, Busy, TooManyConversations, TooManyInvitations, TooManyReactions)
)
"""The refusals that this is about: where there is too much of something. Others say what to do better."""

A_SECOND = 20
"""Refusals that one address is told in a second, where it goes on."""
AT_ONCE = 40
"""Refusals told without delay, when there were none for a while."""
WAITING = 100
"""Refusals of one address that wait at a time; further ones over HTTP are told at once, and their connection is closed."""
LONGEST = WAITING / A_SECOND
"""Seconds that one waits at the most."""


class Slower:
    """One node's refusals, by address."""

    def __init__(self, keep: int = KEPT) -> None:
        # When there is room for all that were told or wait, in steady seconds.
        self._next: Recent[list[float]] = Recent(lambda: [0.0], keep)

    def take(self, address: str, now: float) -> float | None:
        """Seconds that the next refusal of this address is to wait, at most `LONGEST`; None where so many wait that
        it cannot. `address`: as limits count it; "" for this machine, which never waits."""
        if not address:
            return 0.0
        line = self._next[address]
        ahead = max(line[0] - now, 0.0)
        if ahead > (AT_ONCE + WAITING - 0.5) / A_SECOND:
            return None
        line[0] = now + ahead + 1 / A_SECOND
        wait = ahead - (AT_ONCE - 1) / A_SECOND
        return wait if wait > 1e-6 else 0.0  # less is rounding

    async def wait(self, address: str, now: float) -> bool:
        """Until the refusal may be told. False where it is told without waiting, for too many wait already."""
        seconds = self.take(address, now)
        if seconds:
            await asyncio.sleep(seconds)
        return seconds is not None
