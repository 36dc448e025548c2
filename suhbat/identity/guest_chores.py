"""Chores for token guests, once a minute: write last uses, forget expired guests, free the names of silent ones."""

from __future__ import annotations

from suhbat.chat.model import GUEST_KEPT, Milliseconds
from suhbat.chat.ports import Clock, GuestStore

from .listeners import IdentityListener
from .token_guests import TokenGuests

HOUR: Milliseconds = 3600 * 1000
SILENT = HOUR
"""How long the name of a guest without messages and conversations is kept."""
AT_ONCE = 200
"""Guests in one query of the store."""


class GuestChores:
    """`listener`: told of each guest who is dropped before GUEST_KEPT is over."""

    def __init__(self, store: GuestStore, clock: Clock, listener: IdentityListener, guests: TokenGuests) -> None:
        self._store = store
        self._clock = clock
        self._listener = listener
        self._guests = guests
        self._deleted_at: Milliseconds = 0

    async def flush(self, *, everything: bool = False) -> None:
        """Write the last uses that are due (with `everything`: all of them) in one transaction."""
        due = self._guests.unwritten(everything=everything)
        if due:
            await self._store.touch_guests(due)
            self._guests.written(due)

    def sweep(self) -> int:
        """Remove expired guests from memory. Returns how many."""
        return self._guests.sweep()

    async def drop_silent(self) -> int:
        """Delete the guests who have no message and no conversation and were away for SILENT, so that their names are free.
        Returns how many. The store is asked once about each guest."""
        before = self._clock.wall() - SILENT
        silent = self._guests.silent(before)
        dropped = 0
        for start in range(0, len(silent), AT_ONCE):
            group = {guest.actor.uid: guest for guest in silent[start : start + AT_ONCE]}
            gone = await self._store.drop_silent_guests(group, before)
            for uid, guest in group.items():
                if uid in gone:
                    self._guests.drop(uid)
                    self._listener.end_user(uid)
                else:
                    guest.has_spoken = True
            dropped += len(gone)
        return dropped

    async def delete_expired(self) -> None:
        """Delete the rows of guests who expired a day ago. Works once an hour."""
        now = self._clock.wall()
        if now - self._deleted_at >= HOUR:
            self._deleted_at = now
            while await self._store.drop_guests(now - 2 * GUEST_KEPT):
                pass
