"""Token guests in memory: by name, uid and token. Synchronous; see `Guests`, which reads and writes the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import attrgetter

from suhbat.chat.model import GUEST_KEPT, Actor, Guest, Milliseconds
from suhbat.chat.ports import Clock

from .lookups import Lookups
from .names import skeleton

TOUCH: Milliseconds = 60 * 1000
"""How long the last use of a guest may be in memory only."""


@dataclass(slots=True, eq=False)
class TokenGuest:
    """`saved`: the row is in the store. `has_spoken`: the guest has written a message; False also if the store was not asked
    yet."""

    actor: Actor
    skeleton: str
    token_hash: bytes
    used_at: Milliseconds
    written_at: Milliseconds
    connections: int = 0
    saved: bool = True
    has_spoken: bool = False

    def use(self, at: Milliseconds) -> None:
        """Note a use. A clock that was set back does not shorten the guest's time, here as in the store."""
        self.used_at = max(self.used_at, at)


class TokenGuests:
    """The guests whose names are kept. Expired guests are removed when a look-up finds them, and by `sweep`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_name: dict[str, TokenGuest] = {}
        self._by_uid: dict[str, TokenGuest] = {}
        self._by_hash: dict[bytes, TokenGuest] = {}
        self.lookups = Lookups[Guest](attrgetter("uid"))
        """The reads of guests that are running."""

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def uids(self) -> Collection[str]:
        return self._by_uid.keys()

    def is_alive(self, guest: TokenGuest) -> bool:
        """Whether a guest has not expired: connected, being made, or used within GUEST_KEPT."""
        return guest.connections > 0 or not guest.saved or guest.used_at + GUEST_KEPT > self._clock.wall()

    def of_name(self, folded: str) -> TokenGuest | None:
        """The guest with this folded name (`names.skeleton`)."""
        guest = self._by_name.get(folded)
        if guest is not None and not self.is_alive(guest):
            self.forget(guest)
            return None
        return guest

    def of_uid(self, uid: str) -> TokenGuest | None:
        """The guest may have expired."""
        return self._by_uid.get(uid)

    def of_hash(self, token_hash: bytes) -> TokenGuest | None:
        """The guest may have expired."""
        return self._by_hash.get(token_hash)

    def hold(self, guest: TokenGuest) -> None:
        """Reserve the name of a guest who is being made."""
        self._by_name[guest.skeleton] = guest

    def let_go(self, guest: TokenGuest) -> None:
        """Release the name of a guest."""
        if self._by_name.get(guest.skeleton) is guest:
            del self._by_name[guest.skeleton]

    def keep(self, guest: TokenGuest) -> None:
        self._by_name[guest.skeleton] = guest
        self._by_uid[guest.actor.uid] = guest
        self._by_hash[guest.token_hash] = guest

    def forget(self, guest: TokenGuest) -> None:
        self.let_go(guest)
        self._by_uid.pop(guest.actor.uid, None)
        self._by_hash.pop(guest.token_hash, None)

    def drop(self, uid: str) -> None:
        """Remove a guest whose row is deleted, also from reads that have already begun."""
        self.lookups.changed([uid])
        guest = self._by_uid.get(uid)
        if guest is not None:
            self.forget(guest)

    def sweep(self) -> int:
        """Remove expired guests. Returns how many."""
        gone = [guest for guest in self._by_name.values() if not self.is_alive(guest)]
        for guest in gone:
            self.forget(guest)
        return len(gone)

    def silent(self, before: Milliseconds) -> list[TokenGuest]:
        """Guests who are not connected, were last used before this time, and are not known to have written a message."""
        return [
            guest
            for guest in self._by_uid.values()
            if guest.saved and not guest.has_spoken and not guest.connections and guest.used_at < before
        ]

    def unwritten(self, *, everything: bool) -> dict[str, Milliseconds]:
        """The last uses to write now, by uid; with `everything`, all that are not written."""
        now = self._clock.wall()
        due: dict[str, Milliseconds] = {}
        for guest in self._by_uid.values():
            if guest.connections:
                guest.use(now)
            if guest.used_at > guest.written_at and (everything or guest.used_at - guest.written_at >= TOUCH):
                due[guest.actor.uid] = guest.used_at
        return due

    def written(self, due: Mapping[str, Milliseconds]) -> None:
        """Note that these last uses are in the store."""
        for uid, used_at in due.items():
            guest = self._by_uid.get(uid)
            if guest is not None:
                guest.written_at = used_at


def of_row(row: Guest) -> TokenGuest:
    """A guest as read from the store."""
    actor = Actor(uid=row.uid, user_id=row.user_id, lobby_from=row.lobby_from)
    # Folded again, because the stored skeleton may be from an older table of confusables.
    return TokenGuest(actor, skeleton(row.user_id), row.token_hash, row.last_used_at, row.last_used_at)
