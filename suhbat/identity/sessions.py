"""Sessions: the logins of accounts, by opaque tokens of which only a hash is stored.

Those that are used are in memory, so that a known token needs no store; every other is looked up once. The last use is
written every few minutes, and moves the expiry. A cookie's token is changed once a day: the one before stays good until
the new one was used, and for a minute after that, because the answer that carries the new one may get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from operator import attrgetter

from suhbat.chat.model import Milliseconds, Session
from suhbat.chat.ports import Clock, SessionStore
from suhbat.errors import NotFound, Unauthenticated
from suhbat.protocol.characters import cut

from .listeners import IdentityListener
from .lookups import Lookups, groups
from .tokens import OF_SESSION, digest, random_token, short_id

KEPT: Milliseconds = 30 * 24 * 3600 * 1000
"""How long a session lives after its last use."""
TOUCH: Milliseconds = 5 * 60 * 1000
"""How long the last use of one session may be known in memory only."""
ROTATED: Milliseconds = 24 * 3600 * 1000
"""The age at which a cookie's token is changed."""
GRACE: Milliseconds = 60 * 1000
"""How long the token before is good once the new one was used."""
FORGOTTEN: Milliseconds = 3600 * 1000
"""After so long without use a session leaves memory; its next use is a read of the store."""
MAX_LABEL = 200
MOST_SESSIONS = 100
"""Of one account. A script that logs in anew for each message must not fill the table."""


@dataclass(slots=True, eq=False)
class _Live:
    session: Session
    used_at: Milliseconds
    written_at: Milliseconds
    connections: int = 0
    rotating: bool = False
    previous_until: Milliseconds | None = None
    ended: bool = False


class Sessions:
    """The sessions of all accounts. `listener`: told of each that is revoked, here or on another node."""

    def __init__(
        self,
        store: SessionStore,
        clock: Clock,
        listener: IdentityListener,
        random_token: Callable[[], str] = random_token,
    ) -> None:
        self._store = store
        self._clock = clock
        self._listener = listener
        self._random_token = random_token
        self._by_id: dict[str, _Live] = {}
        self._by_hash: dict[bytes, _Live] = {}
        self._lookups = Lookups[Session](attrgetter("id"))
        self._dropped_at: Milliseconds = 0

    async def begin(self, uid: str, label: str) -> tuple[Session, str]:
        """A new session and its token, durable on return. The MOST_SESSIONS that were used last stay, older ones end.

        Raises Unauthenticated when all of `uid` ended meanwhile.
        """
        token, now = OF_SESSION + self._random_token(), self._clock.wall()
        session = Session(
            id=short_id("s", self._random_token()),
            uid=uid,
            token_hash=digest(token),
            previous_hash=None,
            rotated_at=now,
            created_at=now,
            last_used_at=now,
            expires_at=now + KEPT,
            label=cut(label, MAX_LABEL),
        )
        live = self._keep(session)
        try:
            await self._store.add_session(session)
        except BaseException:
            self._forget(live)
            raise
        if live.ended:
            await self._store.end_sessions([session.id])
            raise Unauthenticated()
        others = sorted(await self.of(uid), key=lambda one: (one.id != session.id, one.last_used_at))
        if len(others) > MOST_SESSIONS:
            await self._end([one.id for one in others[1 : len(others) - MOST_SESSIONS + 1]])
        return session, token

    async def authenticate(self, token: str) -> Session:
        """Whose token this is; using it moves the expiry. Raises Unauthenticated."""
        token_hash = digest(token)
        live = self._by_hash.get(token_hash)
        if live is None and token.startswith(OF_SESSION):
            row = await self._lookups.one(lambda: self._store.session_by_token(token_hash))
            # Looked again: while this waited another request may have brought the same session in.
            live = self._by_hash.get(token_hash) or (None if row is None else self._known(row))
        if live is None:
            raise Unauthenticated()
        self._require_good(live, token_hash)
        live.used_at = self._clock.wall()
        return live.session

    async def recall(self, id: str, uid: str) -> None:
        """Know a session of this account that was in use elsewhere a moment ago. Raises Unauthenticated when it is over."""
        if id not in self._by_id:
            row = (await self._lookups.of([id], self._store.sessions)).get(id)
            if row is not None:
                self._known(row)
        live = self._by_id.get(id)
        if live is None or live.session.uid != uid or not self.is_alive(id):
            raise Unauthenticated()
        live.used_at = self._clock.wall()

    def is_alive(self, id: str) -> bool:
        """Whether a session that was used a moment ago has not ended since."""
        live = self._by_id.get(id)
        return live is not None and not live.ended and self._expiry(live) > self._clock.wall()

    async def rotate(self, id: str, token: str) -> str | None:
        """A new token for a session whose token is a day old, to be put into the cookie that held `token`; or None."""
        live = self._by_id.get(id)
        if live is None or live.rotating or self._clock.wall() - live.session.rotated_at < ROTATED:
            return None
        live.rotating = True
        try:
            fresh, before, now = OF_SESSION + self._random_token(), digest(token), self._clock.wall()
            rotated = await self._store.rotate_session(live.session, digest(fresh), before, now)
        finally:
            live.rotating = False
        if live.ended or not rotated:
            return None
        self._unindex(live)
        live.session = replace(live.session, token_hash=digest(fresh), previous_hash=before, rotated_at=now)
        live.previous_until = None
        self._index(live)
        return fresh

    async def of(self, uid: str) -> list[Session]:
        """The sessions of an account that have not expired, the oldest first, with their last use as known here."""
        now = self._clock.wall()
        found = [self._now(session) for session in await self._store.sessions_of(uid)]
        return [session for session in found if session.expires_at > now]

    async def end(self, uid: str, id: str) -> None:
        """Revoke one session of this account; durable on return. Raises NotFound, for other people's sessions as well."""
        if all(session.id != id for session in await self._store.sessions_of(uid)):
            raise NotFound()
        await self._end([id])

    async def end_all(self, uid: str, but: str | None = None) -> None:
        """Revoke every session of this account, the one with the id `but` excepted."""
        # Those that are being written now are in memory only; those that are not used are in the store only.
        ids = {live.session.id for live in self._by_id.values() if live.session.uid == uid}
        for id in ids - {but}:
            self._by_id[id].ended = True
        ids |= {session.id for session in await self._store.sessions_of(uid)}
        await self._end(ids - {but})

    async def renew(self, ids: Collection[str]) -> None:
        """Other nodes have changed or ended these sessions. The listener is told also of those that are not in memory: a
        connection may have got its session without ever using its token here."""
        self._lookups.changed(ids)
        rows = await self._lookups.of(ids, self._store.sessions)
        for id in ids:
            live = self._by_id.get(id)
            if id not in rows:
                self._gone(id)
            elif live is not None:
                self._adopt(live, rows[id])

    async def renew_all(self, connected: Collection[str]) -> None:
        """Nobody knows which. `connected`: those that connections belong to."""
        self._lookups.changed(None)
        for some in groups({*self._by_id, *connected}):
            await self.renew(some)

    def attach(self, id: str) -> None:
        """A connection of this session opened: the session is in use while it lasts."""
        live = self._by_id.get(id)
        if live is not None:
            live.connections += 1

    def detach(self, id: str) -> None:
        """A connection of this session is gone."""
        live = self._by_id.get(id)
        if live is not None and live.connections > 0:
            live.connections -= 1
            live.used_at = self._clock.wall()

    async def flush(self, *, everything: bool = False) -> None:
        """Write the last uses that are due (when closing: all), and which previous tokens are over. Once a minute."""
        now = self._clock.wall()
        due: dict[str, tuple[Milliseconds, Milliseconds]] = {}
        for live in list(self._by_id.values()):
            if live.connections:
                live.used_at = now
            rests = everything or live.used_at - live.written_at >= TOUCH or now - live.used_at >= TOUCH
            if live.used_at > live.written_at and rests:
                due[live.session.id] = live.used_at, live.used_at + KEPT
            if live.previous_until is not None and live.previous_until <= now:
                session = live.session
                await self._store.rotate_session(session, session.token_hash, None, session.rotated_at)
                if session is live.session:
                    self._unindex(live)
                    live.session, live.previous_until = replace(session, previous_hash=None), None
                    self._index(live)
        if due:
            await self._store.touch_sessions(due)
        for id, (used_at, _) in due.items():
            if id in self._by_id:
                self._by_id[id].written_at = used_at

    async def sweep(self) -> None:
        """Forget who was not here for an hour; and, once an hour, delete what has expired. Once a minute, after `flush`."""
        now = self._clock.wall()
        for live in list(self._by_id.values()):
            idle = not live.connections and not live.rotating and live.previous_until is None
            if idle and now - live.used_at >= FORGOTTEN and live.written_at >= live.used_at:
                self._forget(live)
        if now - self._dropped_at >= FORGOTTEN:
            await self._store.drop_sessions(now)
            self._dropped_at = now

    def _require_good(self, live: _Live, token_hash: bytes) -> None:
        now = self._clock.wall()
        known = token_hash in (live.session.token_hash, live.session.previous_hash)  # the row may be of before
        if live.ended or not known or self._expiry(live) <= now:
            raise Unauthenticated()
        if live.session.previous_hash is None:
            return
        if token_hash == live.session.token_hash:
            live.previous_until = live.previous_until or now + GRACE
        elif live.previous_until is not None and live.previous_until <= now:
            raise Unauthenticated()

    def _expiry(self, live: _Live) -> Milliseconds:
        return self._clock.wall() + KEPT if live.connections else max(live.session.expires_at, live.used_at + KEPT)

    def _now(self, session: Session) -> Session:
        live = self._by_id.get(session.id)
        if live is None:
            return session
        used_at = self._clock.wall() if live.connections else max(live.used_at, session.last_used_at)
        return replace(session, last_used_at=used_at, expires_at=max(session.expires_at, used_at + KEPT))

    async def _end(self, ids: Collection[str]) -> None:
        """At once for who comes now, and again when it is durable: a read of before may have brought one back."""
        self._mark(ids)
        await self._store.end_sessions(ids)
        self._mark(ids)
        for id in ids:
            self._gone(id)

    def _gone(self, id: str) -> None:
        live = self._by_id.get(id)
        if live is not None:
            live.ended = True
            self._forget(live)
        self._listener.end_session(id)

    def _mark(self, ids: Collection[str]) -> None:
        self._lookups.changed(ids)
        for id in ids:
            live = self._by_id.get(id)
            if live is not None:
                live.ended = True

    def _known(self, row: Session) -> _Live:
        live = self._by_id.get(row.id)
        if live is None:
            return self._keep(row)
        self._adopt(live, row)  # another node has given it another token
        return live

    def _keep(self, session: Session) -> _Live:
        live = _Live(session, session.last_used_at, session.last_used_at)
        self._by_id[session.id] = live
        self._index(live)
        return live

    def _adopt(self, live: _Live, row: Session) -> None:
        """The tokens are those of the store."""
        if row.token_hash != live.session.token_hash or row.previous_hash != live.session.previous_hash:
            self._unindex(live)
            live.session, live.previous_until = row, None
            self._index(live)

    def _forget(self, live: _Live) -> None:
        self._unindex(live)
        if self._by_id.get(live.session.id) is live:
            del self._by_id[live.session.id]

    def _index(self, live: _Live) -> None:
        self._by_hash[live.session.token_hash] = live
        if live.session.previous_hash is not None:
            self._by_hash[live.session.previous_hash] = live

    def _unindex(self, live: _Live) -> None:
        self._by_hash.pop(live.session.token_hash, None)
        if live.session.previous_hash is not None:
            self._by_hash.pop(live.session.previous_hash, None)
