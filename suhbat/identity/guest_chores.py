"""What is done for token guests once a minute: last uses are written, and those who are gone are forgotten."""

from __future__ import annotations

from suhbat.chat.model import GUEST_KEPT, Milliseconds
from suhbat.chat.ports import Clock, GuestStore

from .listeners import IdentityListener
from .token_guests import TokenGuests

HOUR: Milliseconds = 3600 * 1000
SILENT = HOUR
"""How long the name of a guest is kept who has said nothing and is in no conversation."""
AT_ONCE = 200
"""Guests of whom the store is asked in one go whether they ever said anything."""


class GuestChores:
    """`listener`: told of each guest who is forgotten before their day is over."""

    def __init__(self, store: GuestStore, clock: Clock, listener: IdentityListener, guests: TokenGuests) -> None:
        self._store = store
        self._clock = clock
        self._listener = listener
        self._guests = guests
        self._cleared_at: Milliseconds = 0

    async def flush(self, *, everything: bool = False) -> None:
        """Write the last uses that are due (or, when closing, all that are unwritten) in one go."""
        due = self._guests.unwritten(everything=everything)
        if due:
            await self._store.touch_guests(due)
            self._guests.written(due)

    def sweep(self) -> int:
        """Forget those whose day is over; how many. This frees the memory."""
        return self._guests.sweep()

    async def drop_silent(self) -> int:
        """Forget for good those who said nothing and were away for an hour: their names are free. How many. The store is asked
        once for each."""
        before = self._clock.wall() - SILENT
        silent = self._guests.silent(before)
        dropped = 0
        for start in range(0, len(silent), AT_ONCE):
            some = {guest.actor.uid: guest for guest in silent[start : start + AT_ONCE]}
            gone = await self._store.drop_silent_guests(some, before)
            for uid, guest in some.items():
                if uid in gone:
                    self._guests.drop(uid)
                    self._listener.end_user(uid)
                else:
                    guest.has_spoken = True
            dropped += len(gone)
        return dropped

    async def clear(self) -> None:
        """Delete what is stored of those whose day was over a day ago. It works once an hour."""
        now = self._clock.wall()
        if now - self._cleared_at >= HOUR:
            self._cleared_at = now
            while await self._store.drop_guests(now - 2 * GUEST_KEPT):
                pass
