"""Guests: people without an account, by a name they hold while connected, or for a day by a token.

A *bare* guest opens a connection under a name and is a new identity each time: nobody inherits what a predecessor under
the same name said or was told. A *token* guest has a row in the store and comes back as the same identity. Names are
held by what they look like (`names.skeleton`), so that nobody can sit beside `user1` as `userl`.
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
"""When somebody may come again where there are as many guests as may be."""
SILENCE_SECONDS = 10
"""How long a holder that is pinged may be silent before it loses its name."""


class GuestsStore(GuestStore, LogReader, Protocol):
    """Keeping guests asks for: their rows, and where the lobby stands."""


class Guests:
    """The bare and token guests of this node; `load` before use. `people.People` knows the accounts too.

    `listener`: told of each token guest who left for good. `random_token` gives an unguessable string of at least 256 bits
    each time. `access`, `per_address` (a day) and `most` (at a time): the settings.
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
        """Read the token guests whose names are kept. Call once, when the store is open."""
        for guest in await self._store.guests(self._clock.wall() - GUEST_KEPT):
            self._tokens.keep(of_row(guest))

    # Names

    def claim(self, name: str) -> Claim:
        """Hold `name` as a new bare guest; give it back with `claims.release`.

        Raises InvalidName; Unauthenticated where `access` is not open (whatever the name); NameInUse with
        `retry_after` in seconds while another holds it: see `claim_of` for whom to ping.
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
        """The claim under which a connected bare guest holds `name`; None if none does."""
        folded = fold(name)
        return None if folded is None else self.claims.of(folded)

    def release(self, claim: Claim) -> None:
        """See `Claims.release`."""
        self.claims.release(claim)

    def find(self, name: str) -> Actor | None:
        """Who holds `name` now: a connected bare guest, or a token guest, connected or kept. None if nobody does."""
        folded = fold(name)
        return None if folded is None else self.holder(folded)

    def holder(self, folded: str) -> Actor | None:
        """The same by what the name looks like."""
        claim = self.claims.of(folded)
        if claim is not None:
            return claim.actor
        guest = self._tokens.of_name(folded)
        return guest.actor if guest is not None and guest.saved else None

    def require_free(self, user_id: str, but: Actor | None = None) -> None:
        """Raises NameInUse while a guest other than `but` holds this (normalised) name."""
        folded = skeleton(user_id)
        guest = self._tokens.of_name(folded)
        if but is None or guest is None or guest.actor.uid != but.uid:
            self._require_unheld(user_id, folded)

    def count(self, address: str) -> None:
        """One more guest of this address of whom something is kept. Raises RateLimited."""
        wait = self._daily.take(address, self._clock.steady()) if address else 0.0
        if wait:
            raise RateLimited("rate_limited.guests", retry_after=wait, seconds=ceil(wait))

    # Token guests

    async def create(self, name: str, address: str = "") -> tuple[Actor, str]:
        """A new token guest and its token, durable on return. `address`: as limits count it, "" where it does not count.

        Raises InvalidName; Forbidden where `access` is not open; NameInUse while anybody holds the name; RateLimited; Busy
        where there are as many guests as may be.
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
        # Held before the first await: of two who ask for one name at once the second is refused.
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
        """Whose token this is; using it keeps the name for another day. Raises Unauthenticated.

        A token in memory is recognised without a wait; another is looked up once (it may come from another process).
        """
        token_hash = digest(token)
        guest = self._tokens.of_hash(token_hash)
        if guest is None and token.startswith(OF_GUEST):
            row = await self._lookups.one(lambda: self._store.guest_by_token(token_hash))
            # Looked again: while this waited another request may have brought the same guest in.
            guest = self._tokens.of_hash(token_hash) or (None if row is None else of_row(row))
        if guest is None or not self._tokens.is_alive(guest):
            raise Unauthenticated()
        self._tokens.keep(guest)
        guest.used_at = self._clock.wall()
        return guest.actor

    def of_uid(self, uid: str) -> Actor | None:
        """The token guest of this uid whose day is not over."""
        guest = self._tokens.of_uid(uid)
        return guest.actor if guest is not None and self._tokens.is_alive(guest) else None

    def knows(self, uid: str) -> bool:
        """Whether this is a token guest whose day is not over."""
        return self.of_uid(uid) is not None

    def attach(self, actor: Actor) -> None:
        """A connection of a token guest opened: the name is held while it lasts. Nothing happens for others."""
        guest = self._tokens.of_uid(actor.uid)
        if guest is not None:
            guest.connections += 1

    def detach(self, actor: Actor) -> None:
        """A connection of a token guest is gone; the day begins."""
        guest = self._tokens.of_uid(actor.uid)
        if guest is not None and guest.connections > 0:
            guest.connections -= 1
            guest.used_at = self._clock.wall()

    def drop(self, actor: Actor) -> None:
        """A token guest is a guest no more, and that is durable. Nothing happens for others."""
        self._tokens.drop(actor.uid)

    async def end(self, actor: Actor) -> None:
        """A token guest left for good: the token is no good any more, and the name is free. Nothing happens for others."""
        guest = self._tokens.of_uid(actor.uid)
        if guest is not None:
            self._tokens.forget(guest)
            await self._store.drop_guest(actor.uid)
            self.drop(actor)  # again: a read of before may have brought them back
            self._listener.end_user(actor.uid)

    async def renew(self, uids: Collection[str]) -> None:
        """Other nodes have made these token guests, or they left there for good, or became accounts."""
        self._lookups.changed(uids)
        rows = await self._lookups.of(uids, self._store.guests_of)
        for uid in uids:
            known = self._tokens.of_uid(uid)
            if uid not in rows and known is not None:
                self._tokens.forget(known)
                self._listener.end_user(uid)
            elif uid in rows and known is None:
                self._tokens.keep(of_row(rows[uid]))

    async def renew_all(self) -> None:
        """Nobody knows which."""
        self._lookups.changed(None)
        present = {row.uid for row in await self._store.guests(self._clock.wall() - GUEST_KEPT)}
        for some in groups(present ^ set(self._tokens.uids)):
            await self.renew(some)

    def _require_unheld(self, user_id: str, folded: str) -> None:
        if self.claims.of(folded) is not None:
            raise NameInUse(user_id=user_id, retry_after=SILENCE_SECONDS)
        guest = self._tokens.of_name(folded)
        if guest is not None:
            left = GUEST_KEPT if guest.connections else guest.used_at + GUEST_KEPT - self._clock.wall()
            raise NameInUse(user_id=user_id, retry_after=max(1, ceil(left / 1000)))

    def _new_uid(self) -> str:
        return short_id("u", self._random_token())
