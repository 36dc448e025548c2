"""A tarpit: an address that keeps exceeding its limits gets its refusals late.

A refusal costs the event loop about as much as a success. Without this, a client that retries at once makes all others wait,
although none of its requests is served. An HTTP refusal is delayed; a WebSocket is not read for as long. An address that is
refused now and then is not affected.
"""

from __future__ import annotations

import asyncio

from suhbat.errors import Busy, RateLimited, TooManyConversations, TooManyInvitations, TooManyReactions

from .rate import METERS_KEPT, LruDict

CODES = frozenset(
    error.code for error in (RateLimited, Busy, TooManyConversations, TooManyInvitations, TooManyReactions)
)
"""Refusals because of a limit. Any other error tells the client what to correct."""

A_SECOND = 20
"""Refusals a second that one address gets, once it has used up `AT_ONCE`."""
AT_ONCE = 40
"""Refusals without delay, after a while without any."""
WAITING = 100
"""Delayed refusals of one address at a time. A further HTTP refusal is sent at once and closes its connection."""
LONGEST = WAITING / A_SECOND
"""Seconds: the longest delay."""


class Tarpit:
    """The refusals of one node, by address."""

    def __init__(self, keep: int = METERS_KEPT) -> None:
        # When the last refusal would have been sent at A_SECOND, in steady seconds.
        self._next: LruDict[list[float]] = LruDict(lambda: [0.0], keep)

    def take(self, address: str, now: float) -> float | None:
        """How many seconds to delay the next refusal of this address: at most `LONGEST`, or None if too many are delayed
        already. `address`: as limits count it; "" for this machine, which is never delayed."""
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
        """Delay a refusal. False if it must be sent at once, because too many are delayed already."""
        seconds = self.take(address, now)
        if seconds:
            await asyncio.sleep(seconds)
        return seconds is not None
