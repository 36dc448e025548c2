"""Guests: people without an account, by a name they hold while connected, or for a day by a token.

A *bare* guest opens a connection under a name and is a new identity each time: nobody inherits what a predecessor under
the same name said or was told. A *token* guest has a row in the store and comes back as the same identity. Names are
held by what they look like (`names.skeleton`), so that nobody can sit beside `user1` as `userl`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from math import ceil
from operator import attrgetter
from typing import Protocol

from suhbat.chat.model import Actor, Guest, Milliseconds
from suhbat.chat.ports import Clock, GuestStore, LogReader
from suhbat.chat.rate import Daily
from suhbat.errors import Busy, Forbidden, InvalidName, NameInUse, RateLimited, Unauthenticated
from suhbat.protocol.types import LOBBY

from .lookups import Lookups, groups
from .names import entered, normalise, skeleton
from .tokens import OF_GUEST, digest, random_token, short_id

KEPT: Milliseconds = 24 * 3600 * 1000
"""How long a token guest's name and identity are kept after their last use."""
TOUCH: Milliseconds = 60 * 1000
"""How long the last use of one guest may be known in memory only."""
HOUR: Milliseconds = 3600 * 1000
SILENT = HOUR
"""How long that is for a guest who has said nothing and is in no conversation."""
FULL_SECONDS = 60
"""When somebody may come again where there are as many guests as may be."""
AT_ONCE = 200
"""Guests of whom it is asked in one go whether they ever said anything."""
SILENCE_SECONDS = 10
"""How long a holder that is pinged may be silent before it loses its name."""


class GuestsStore(GuestStore, LogReader, Protocol):
    """Keeping guests asks for: their rows, and where the lobby stands."""


@dataclass(slots=True, eq=False)
class Claim:
    """A name held by a connected bare guest. `holder`: whatever the transport wants to find there when the name is
    wanted by another (the connection to ping)."""

    actor: Actor
    skeleton: str
    connections: int = 1
    holder: object | None = None
    counted: bool = False
    """Whether it counts as a guest of its address: with the first thing it says, for only then something is kept of it."""


@dataclass(slots=True, eq=False)
class _TokenGuest:
    actor: Actor
    skeleton: str
    token_hash: bytes
    used_at: Milliseconds
    written_at: Milliseconds
    connections: int = 0
    saved: bool = field(default=True)
    has_spoken: bool = False
    """Known to have said something; False also where nobody has asked yet."""


class Names(Protocol):
    """The names of bare guests over several nodes."""

    async def hold(self, claim: Claim) -> None:
        """Hold it on all of them. Raises NameInUse, Busy."""
        ...

    def release(self, claim: Claim) -> None:
        """It is free again."""
        ...


class Guests:
    """Who is a guest here. (`people.People` is who is anybody here.)

    In memory, of one process; `load` before use. Everything but `load`, `create`, `authenticate`, `end`, `flush` and
    `drop_silent` is synchronous. `random_token` gives an unguessable string of at least 256 bits each time. `access`,
    `per_address` (a day) and `most` (at a time): the settings. `ended` is told the uid of each who left for good.
    """

    def __init__(
        self,
        store: GuestsStore,
        clock: Clock,
        random_token: Callable[[], str] = random_token,
        access: str = "open",
        per_address: int = 0,
        most: int = 0,
    ) -> None:
        self._store = store
        self._daily = Daily(per_address)
        self._most = most
        self._clock = clock
        self._random_token = random_token
        self._access = access
        self._bare: dict[str, Claim] = {}
        self._kept: dict[str, _TokenGuest] = {}
        self._by_uid: dict[str, _TokenGuest] = {}
        self._by_hash: dict[bytes, _TokenGuest] = {}
        self._lookups = Lookups[Guest](attrgetter("uid"))
        self._cleared_at: Milliseconds = 0
        self.ended: Callable[[str], None] = lambda uid: None

    async def load(self) -> None:
        """Read the token guests whose names are kept. Call once, when the store is open."""
        for guest in await self._store.guests(self._clock.wall() - KEPT):
            self._keep(_from_row(guest))

    def claim(self, name: str) -> Claim:
        """Hold `name` as a new bare guest; give it back with `release`.

        Raises InvalidName; Unauthenticated where `access` is not open (whatever the name); NameInUse with
        `retry_after` in seconds while another holds it: see `claim_of` for whom to ping.
        """
        if self._access != "open":
            raise Unauthenticated("unauthenticated.access")
        user_id = normalise(name)
        folded = skeleton(user_id)
        self._require_unheld(user_id, folded)
        claim = Claim(Actor(uid=self._new_uid(), user_id=user_id), folded)
        self._bare[folded] = claim
        return claim

    def claim_of(self, name: str) -> Claim | None:
        """The claim under which a connected bare guest holds `name`; None if none does."""
        folded = fold(name)
        return None if folded is None else self._bare.get(folded)

    def release(self, claim: Claim) -> None:
        """A connection of this claim is gone; with the last one the name is free. Harmless when already free."""
        claim.connections -= 1
        if claim.connections <= 0 and self._bare.get(claim.skeleton) is claim:
            del self._bare[claim.skeleton]

    @property
    def claims(self) -> list[Claim]:
        """The names that connected bare guests hold."""
        return list(self._bare.values())

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
        if self._most and len(self._kept) >= self._most:
            raise Busy(retry_after=FULL_SECONDS, seconds=FULL_SECONDS)
        self.count(address)
        token = OF_GUEST + self._random_token()
        now = self._clock.wall()
        pending = _TokenGuest(Actor(self._new_uid(), user_id), folded, digest(token), now, now, saved=False)
        # Held before the first await: of two who ask for one name at once the second is refused.
        self._kept[folded] = pending
        try:
            lobby_from = (await self._store.heads([LOBBY])).get(LOBBY, 0)
            actor = Actor(uid=pending.actor.uid, user_id=user_id, lobby_from=lobby_from)
            await self._store.save_guest(
                Guest(actor.uid, user_id, folded, pending.token_hash, now, now, lobby_from),
            )
        except BaseException:
            if self._kept.get(folded) is pending:
                del self._kept[folded]
            raise
        pending.actor = actor
        pending.saved = True
        self._keep(pending)
        return actor, token

    def count(self, address: str) -> None:
        """One more guest of this address of whom something is kept. Raises RateLimited."""
        wait = self._daily.take(address, self._clock.steady()) if address else 0.0
        if wait:
            raise RateLimited("rate_limited.guests", retry_after=wait, seconds=ceil(wait))

    async def authenticate(self, token: str) -> Actor:
        """Whose token this is; using it keeps the name for another day. Raises Unauthenticated.

        A token in memory is recognised without a wait; another is looked up once (it may come from another process).
        """
        token_hash = digest(token)
        guest = self._by_hash.get(token_hash)
        if guest is None and token.startswith(OF_GUEST):
            row = await self._lookups.one(lambda: self._store.guest_by_token(token_hash))
            # Looked again: while this waited another request may have brought the same guest in.
            guest = self._by_hash.get(token_hash) or (None if row is None else _from_row(row))
        if guest is None or not self._is_alive(guest):
            raise Unauthenticated()
        self._keep(guest)
        guest.used_at = self._clock.wall()
        return guest.actor

    async def renew(self, uids: Collection[str]) -> None:
        """Other nodes have made these token guests, or they left there for good, or became accounts."""
        self._lookups.changed(uids)
        rows = await self._lookups.of(uids, self._store.guests_of)
        for uid in uids:
            known = self._by_uid.get(uid)
            if uid not in rows and known is not None:
                self._forget(known)
                self.ended(uid)
            elif uid in rows and known is None:
                self._keep(_from_row(rows[uid]))

    async def renew_all(self) -> None:
        """Nobody knows which."""
        self._lookups.changed(None)
        present = {row.uid for row in await self._store.guests(self._clock.wall() - KEPT)}
        for some in groups(present ^ self._by_uid.keys()):
            await self.renew(some)

    def attach(self, actor: Actor) -> None:
        """A connection of a token guest opened: the name is held while it lasts. Nothing happens for others."""
        guest = self._by_uid.get(actor.uid)
        if guest is not None:
            guest.connections += 1

    def detach(self, actor: Actor) -> None:
        """A connection of a token guest is gone; the day begins."""
        guest = self._by_uid.get(actor.uid)
        if guest is not None and guest.connections > 0:
            guest.connections -= 1
            guest.used_at = self._clock.wall()

    def find(self, name: str) -> Actor | None:
        """Who holds `name` now: a connected bare guest, or a token guest, connected or kept. None if nobody does."""
        folded = fold(name)
        return None if folded is None else self.holder(folded)

    def holder(self, folded: str) -> Actor | None:
        """The same by what the name looks like."""
        claim = self._bare.get(folded)
        if claim is not None:
            return claim.actor
        guest = self._holder(folded)
        return guest.actor if guest is not None and guest.saved else None

    def is_kept(self, name: str) -> bool:
        """Whether a token guest holds `name`."""
        folded = fold(name)
        return folded is not None and self._holder(folded) is not None

    def of_uid(self, uid: str) -> Actor | None:
        """The token guest of this uid whose day is not over."""
        guest = self._by_uid.get(uid)
        return guest.actor if guest is not None and self._is_alive(guest) else None

    def knows(self, uid: str) -> bool:
        """Whether this is a token guest whose day is not over."""
        guest = self._by_uid.get(uid)
        return guest is not None and self._is_alive(guest)

    def require_free(self, user_id: str, but: Actor | None = None) -> None:
        """Raises NameInUse while a guest other than `but` holds this (normalised) name."""
        folded = skeleton(user_id)
        guest = self._holder(folded)
        if but is None or guest is None or guest.actor.uid != but.uid:
            self._require_unheld(user_id, folded)

    def drop(self, actor: Actor) -> None:
        """A token guest is a guest no more, and that is durable. Nothing happens for others."""
        self._lookups.changed([actor.uid])
        guest = self._by_uid.get(actor.uid)
        if guest is not None:
            self._forget(guest)

    async def end(self, actor: Actor) -> None:
        """A token guest left for good: the token is no good any more, and the name is free. Nothing happens for others."""
        guest = self._by_uid.get(actor.uid)
        if guest is not None:
            self._forget(guest)
            await self._store.drop_guest(actor.uid)
            self.drop(actor)  # again: a read of before may have brought them back
            self.ended(actor.uid)

    async def flush(self, *, everything: bool = False) -> None:
        """Write the last uses that are due (or, when closing, all that are unwritten) in one go. Call once a minute."""
        now = self._clock.wall()
        due: dict[str, Milliseconds] = {}
        for guest in self._by_uid.values():
            if guest.connections:
                guest.used_at = now
            if guest.used_at > guest.written_at and (everything or guest.used_at - guest.written_at >= TOUCH):
                due[guest.actor.uid] = guest.used_at
        if not due:
            return
        await self._store.touch_guests(due)
        for uid, used_at in due.items():
            written = self._by_uid.get(uid)
            if written is not None:
                written.written_at = used_at

    def sweep(self) -> int:
        """Forget the guests whose day is over; how many. They are forgotten when met, too: this frees the memory."""
        gone = [guest for guest in self._kept.values() if not self._is_alive(guest)]
        for guest in gone:
            self._forget(guest)
        return len(gone)

    async def drop_silent(self) -> int:
        """Forget for good those who said nothing and were away for an hour: their names are free. How many. Once a minute; each
        is asked for once."""
        before = self._clock.wall() - SILENT
        quiet = [
            guest
            for guest in self._by_uid.values()
            if guest.saved and not guest.has_spoken and not guest.connections and guest.used_at < before
        ]
        dropped = 0
        for start in range(0, len(quiet), AT_ONCE):
            some = {guest.actor.uid: guest for guest in quiet[start : start + AT_ONCE]}
            gone = await self._store.drop_silent_guests(some, before)
            for uid, guest in some.items():
                if uid in gone:
                    self.drop(guest.actor)
                    self.ended(uid)
                else:
                    guest.has_spoken = True
            dropped += len(gone)
        return dropped

    async def clear(self) -> None:
        """Delete what is stored of those whose day was over a day ago. Once a minute; it works once an hour."""
        now = self._clock.wall()
        if now - self._cleared_at >= HOUR:
            self._cleared_at = now
            while await self._store.drop_guests(now - 2 * KEPT):
                pass

    def _require_unheld(self, user_id: str, folded: str) -> None:
        if folded in self._bare:
            raise NameInUse(user_id=user_id, retry_after=SILENCE_SECONDS)
        guest = self._holder(folded)
        if guest is not None:
            left = KEPT if guest.connections else guest.used_at + KEPT - self._clock.wall()
            raise NameInUse(user_id=user_id, retry_after=max(1, ceil(left / 1000)))

    def _holder(self, folded: str) -> _TokenGuest | None:
        guest = self._kept.get(folded)
        if guest is not None and not self._is_alive(guest):
            self._forget(guest)
            return None
        return guest

    def _is_alive(self, guest: _TokenGuest) -> bool:
        return guest.connections > 0 or not guest.saved or guest.used_at + KEPT > self._clock.wall()

    def _keep(self, guest: _TokenGuest) -> None:
        self._kept[guest.skeleton] = guest
        self._by_uid[guest.actor.uid] = guest
        self._by_hash[guest.token_hash] = guest

    def _forget(self, guest: _TokenGuest) -> None:
        if self._kept.get(guest.skeleton) is guest:
            del self._kept[guest.skeleton]
        self._by_uid.pop(guest.actor.uid, None)
        self._by_hash.pop(guest.token_hash, None)

    def _new_uid(self) -> str:
        return short_id("u", self._random_token())


def _from_row(row: Guest) -> _TokenGuest:
    actor = Actor(uid=row.uid, user_id=row.user_id, lobby_from=row.lobby_from)
    # Folded anew: a newer table of confusables may fold differently from the one it was stored with.
    return _TokenGuest(actor, skeleton(row.user_id), row.token_hash, row.last_used_at, row.last_used_at)


def fold(name: str) -> str | None:
    """What a name looks like; None for what cannot be one."""
    try:
        return skeleton(entered(name))
    except InvalidName:
        return None
