"""Guests: users without an account. They hold a name while they are connected, or for a day with a token.

A *bare* guest connects under a name and is a new identity each time, so that nobody inherits the messages of an earlier guest
with the same name. A *token* guest has a row in the store and comes back as the same identity. Names are compared by their
`names.skeleton`, so that nobody can appear beside `user1` as `userl`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import ceil
from typing import Protocol

from suhbat.chat.model import GUEST_KEPT, Actor, Guest
from suhbat.chat.ports import Clock, GuestStore, LogReader
from suhbat.chat.rate import Daily
from suhbat.errors import Busy, Forbidden, NameInUse, RateLimited, Unauthenticated
from suhbat.protocol.types import LOBBY

from .claims import Claim, Claims
from .guest_chores import GuestChores
from .listeners import IdentityListener
from .lookups import groups
from .names import entered, fold, normalise, skeleton
from .token_guests import TokenGuest, TokenGuests, of_row
from .tokens import OF_GUEST, digest, random_token, short_id

FULL_SECONDS = 60
"""`retry_after` when the server has the most guests that it may have."""
SILENCE_SECONDS = 10
"""How long the holder of a name may take to answer a ping before it loses the name."""


class GuestsStore(GuestStore, LogReader, Protocol):
    """The parts of the store that guests need: their rows and the head of the lobby."""


class Guests:
    """The bare and token guests of this node; `load` them before use.

    `listener`: told of each token guest who left for good. `random_token`: returns a new unguessable string of at least 256
    bits. `access`, `per_address` (guests a day) and `most` (guests at a time): the settings; 0: no limit.
    """

    def __init__(
        self,
        store: GuestsStore,
        clock: Clock,
        listener: IdentityListener,
        random_token: Callable[[], str] = random_token,
        access: str = "open",
        per_address: int = 0,
        most: int = 0,
    ) -> None:
        self._store = store
        self._daily = Daily(per_address)
        self._most = most
        self._clock = clock
        self._listener = listener
        self._random_token = random_token
        self._access = access
        self.claims = Claims()
        self._tokens = TokenGuests(clock)
        self._lookups = self._tokens.lookups
        self.chores = GuestChores(store, clock, listener, self._tokens)

    async def load(self) -> None:
        """Read the token guests that have not expired. Call once, when the store is open."""
        for guest in await self._store.guests(self._clock.wall() - GUEST_KEPT):
            self._tokens.keep(of_row(guest))

    # Names

    def claim(self, name: str) -> Claim:
        """Hold a name as a new bare guest until `release`.

        Raises Unauthenticated if `access` is not open, whatever the name; InvalidName; NameInUse, with `retry_after` in
        seconds, while another guest holds it: `claim_of` is the holder to ping.
        """
        if self._access != "open":
            raise Unauthenticated("unauthenticated.access")
        user_id = normalise(name)
        folded = skeleton(user_id)
        self._require_unheld(user_id, folded)
        claim = Claim(Actor(uid=self._new_uid(), user_id=user_id), folded)
        self.claims.add(claim)
        return claim

    def claim_of(self, name: str) -> Claim | None:
        """The claim of the connected bare guest who holds a name, if there is one."""
        folded = fold(name)
        return None if folded is None else self.claims.of(folded)

    def release(self, claim: Claim) -> None:
        """See `Claims.release`."""
        self.claims.release(claim)

    def find(self, name: str) -> Actor | None:
        """The guest who holds a name: a connected bare guest, or a token guest who has not expired."""
        folded = fold(name)
        return None if folded is None else self.holder(folded)

    def holder(self, folded: str) -> Actor | None:
        """The same by the folded name."""
        claim = self.claims.of(folded)
        if claim is not None:
            return claim.actor
        guest = self._tokens.of_name(folded)
        return guest.actor if guest is not None and guest.saved else None

    def require_free(self, user_id: str, but: Actor | None = None) -> None:
        """Raise NameInUse if a guest other than `but` holds this (normalised) name."""
        folded = skeleton(user_id)
        guest = self._tokens.of_name(folded)
        if but is None or guest is None or guest.actor.uid != but.uid:
            self._require_unheld(user_id, folded)

    def count(self, address: str) -> None:
        """Count one more guest of this address of whom something is stored. Raises RateLimited."""
        wait = self._daily.take(address, self._clock.steady()) if address else 0.0
        if wait:
            raise RateLimited("rate_limited.guests", retry_after=wait, seconds=ceil(wait))

    # Token guests

    async def create(self, name: str, address: str = "") -> tuple[Actor, str]:
        """A new token guest and its token, durable on return. `address`: the client's, for limits; "" if it is not limited.

        Raises Forbidden if `access` is not open; InvalidName; NameInUse while another guest holds the name; RateLimited; Busy
        if the server has the most guests that it may have.
        """
        if self._access != "open":
            raise Forbidden("unauthenticated.access")
        user_id = entered(name)
        folded = skeleton(user_id)
        self._require_unheld(user_id, folded)
        if self._most and len(self._tokens) >= self._most:
            raise Busy(retry_after=FULL_SECONDS, seconds=FULL_SECONDS)
        self.count(address)
        token = OF_GUEST + self._random_token()
        now = self._clock.wall()
        pending = TokenGuest(Actor(self._new_uid(), user_id), folded, digest(token), now, now, saved=False)
        # Reserved before the first await, so that a concurrent second request for the name is refused.
        self._tokens.hold(pending)
        try:
            lobby_from = (await self._store.heads([LOBBY])).get(LOBBY, 0)
            actor = Actor(uid=pending.actor.uid, user_id=user_id, lobby_from=lobby_from)
            await self._store.save_guest(
                Guest(actor.uid, user_id, folded, pending.token_hash, now, now, lobby_from),
            )
        except BaseException:
            self._tokens.let_go(pending)
            raise
        pending.actor = actor
        pending.saved = True
        self._tokens.keep(pending)
        return actor, token

    async def authenticate(self, token: str) -> Actor:
        """The guest of a token. This is a use of it, which keeps the name for another day. Raises Unauthenticated.

        A token that is not in memory is looked up in the store: another node may have made it.
        """
        token_hash = digest(token)
        guest = self._tokens.of_hash(token_hash)
        if guest is None and token.startswith(OF_GUEST):
            row = await self._lookups.one(lambda: self._store.guest_by_token(token_hash))
            # Another request may have loaded the same guest while this one waited.
            guest = self._tokens.of_hash(token_hash) or (None if row is None else of_row(row))
        if guest is None or not self._tokens.is_alive(guest):
            raise Unauthenticated()
        self._tokens.keep(guest)
        guest.use(self._clock.wall())
        return guest.actor

    def of_uid(self, uid: str) -> Actor | None:
        """The token guest with this uid, if not expired."""
        guest = self._tokens.of_uid(uid)
        return guest.actor if guest is not None and self._tokens.is_alive(guest) else None

    async def past(self, uids: Collection[str]) -> list[Actor]:
        """Those of these users whose names are still in a log: expired and bare guests, and erased accounts."""
        return await self._store.users(uids)

    def knows(self, uid: str) -> bool:
        """Whether there is a token guest with this uid who has not expired."""
        return self.of_uid(uid) is not None

    def attach(self, actor: Actor) -> None:
        """Count a new connection of a token guest. The guest does not expire while it lasts. Other users are ignored."""
        guest = self._tokens.of_uid(actor.uid)
        if guest is not None:
            guest.connections += 1

    def detach(self, actor: Actor) -> None:
        """Remove a closed connection of a token guest, whose time until expiry begins after the last one."""
        guest = self._tokens.of_uid(actor.uid)
        if guest is not None and guest.connections > 0:
            guest.connections -= 1
            guest.use(self._clock.wall())

    def drop(self, actor: Actor) -> None:
        """Remove a token guest whose row is deleted. Does nothing for other users."""
        self._tokens.drop(actor.uid)

    async def end(self, actor: Actor) -> None:
        """Delete a token guest who logs out: the token becomes invalid, the name free. Does nothing for other users."""
        guest = self._tokens.of_uid(actor.uid)
        if guest is not None:
            self._tokens.forget(guest)
            await self._store.drop_guest(actor.uid)
            self.drop(actor)  # again: a read that began before may have brought the guest back
            self._listener.end_user(actor.uid)

    async def reload(self, uids: Collection[str]) -> list[str]:
        """Read token guests again who changed on another node. Returns those known here who are none any more: they left for
        good (call `left`), or became accounts (call `drop`)."""
        self._lookups.changed(uids)
        rows = await self._lookups.of(uids, self._store.guests_of)
        for uid, row in rows.items():
            if self._tokens.of_uid(uid) is None:
                self._tokens.keep(of_row(row))
        return [uid for uid in uids if uid not in rows and self._tokens.of_uid(uid) is not None]

    async def reload_all(self) -> list[str]:
        """The same for all token guests, because it is unknown what changed."""
        self._lookups.changed(None)
        stored = {row.uid for row in await self._store.guests(self._clock.wall() - GUEST_KEPT)}
        return [uid for some in groups(stored ^ set(self._tokens.uids)) for uid in await self.reload(some)]

    def left(self, uid: str) -> None:
        """A token guest has left for good on another node. Idempotent."""
        guest = self._tokens.of_uid(uid)
        if guest is not None:
            self._tokens.forget(guest)
            self._listener.end_user(uid)

    def _require_unheld(self, user_id: str, folded: str) -> None:
        if self.claims.of(folded) is not None:
            raise NameInUse(user_id=user_id, retry_after=SILENCE_SECONDS)
        guest = self._tokens.of_name(folded)
        if guest is not None:
            left = GUEST_KEPT if guest.connections else guest.used_at + GUEST_KEPT - self._clock.wall()
            raise NameInUse(user_id=user_id, retry_after=max(1, ceil(left / 1000)))

    def _new_uid(self) -> str:
        return short_id("u", self._random_token())
