"""Login sessions: opaque tokens of accounts, of which only a hash is stored.

Sessions in use are in memory, so that a known token needs no read of the store; any other token is looked up once. The last
use is written every few minutes and extends the session. The token of a cookie is changed once a day. The previous token stays
valid until the new one was used, and for a minute after that, because the response with the new one may get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from operator import attrgetter

from suhbat.chat.model import Milliseconds, Session
from suhbat.chat.ports import Clock, SessionStore
from suhbat.errors import NotFound, Unauthenticated
from suhbat.protocol.characters import cut

from .listeners import IdentityListener
from .live_sessions import FORGOTTEN, SESSION_KEPT, LiveSessions
from .lookups import Lookups, groups
from .tokens import OF_SESSION, digest, is_of_session, random_token, short_id

ROTATED: Milliseconds = 24 * 3600 * 1000
"""The age at which the token of a cookie is changed."""
NEVER: Milliseconds = 253_402_300_799_999
"""The last time that RFC 3339 can express: when the session of a bot expires."""
MAX_LABEL = 200
"""Characters of a label; longer ones are cut."""
MOST_SESSIONS = 100
"""Sessions of one account. A script that logs in again for each message must not fill the table."""


class Sessions:
    """The sessions of all accounts. `listener`: told of each session that is revoked, on this node or another."""

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
        self._live = LiveSessions(clock)
        self._lookups = Lookups[Session](attrgetter("id"))
        self._deleted_at: Milliseconds = 0

    async def create(self, uid: str, label: str, *, token: str | None = None) -> tuple[Session, str]:
        """A new session and its token, durable on return. `token`: that of a bot, whose session never expires. Of more than
        MOST_SESSIONS the least recently used are revoked.

        Raises Unauthenticated if all sessions of `uid` were revoked meanwhile.
        """
        now = self._clock.wall()
        expires_at = now + SESSION_KEPT if token is None else NEVER
        token = token or OF_SESSION + self._random_token()
        session = Session(
            id=short_id("s", self._random_token()),
            uid=uid,
            token_hash=digest(token),
            previous_hash=None,
            rotated_at=now,
            created_at=now,
            last_used_at=now,
            expires_at=expires_at,
            label=cut(label, MAX_LABEL),
        )
        live = self._live.add(session)
        try:
            await self._store.add_session(session)
        except BaseException:
            self._live.forget(live)
            raise
        if live.ended:
            await self._store.end_sessions([session.id])
            raise Unauthenticated()
        others = sorted(await self.of_user(uid), key=lambda one: (one.id != session.id, one.last_used_at))
        if len(others) > MOST_SESSIONS:
            await self._revoke([one.id for one in others[1 : len(others) - MOST_SESSIONS + 1]])
        return session, token

    async def authenticate(self, token: str) -> Session:
        """The session of a token. This is a use of it. Raises Unauthenticated."""
        token_hash = digest(token)
        live = self._live.of_hash(token_hash)
        if live is None and is_of_session(token):
            row = await self._lookups.one(lambda: self._store.session_by_token(token_hash))
            # Another request may have loaded the same session while this one waited.
            live = self._live.of_hash(token_hash) or (None if row is None else self._live.update(row))
        if live is None or not self._live.accepts(live, token_hash):
            raise Unauthenticated()
        live.use(self._clock.wall())
        return live.session

    async def load(self, id: str, uid: str) -> None:
        """Load a session of this account by its id. This is a use of it. Raises Unauthenticated if it has ended."""
        if self._live.of_id(id) is None:
            row = (await self._lookups.of([id], self._store.sessions)).get(id)
            if row is not None:
                self._live.update(row)
        live = self._live.of_id(id)
        if live is None or live.session.uid != uid or not self._live.is_alive(live):
            raise Unauthenticated()
        live.use(self._clock.wall())

    def is_alive(self, id: str) -> bool:
        """Whether a session that was used a moment ago has not ended since."""
        live = self._live.of_id(id)
        return live is not None and self._live.is_alive(live)

    async def rotate(self, id: str, token: str) -> str | None:
        """A new token for the cookie that contains `token`, if that is a day old; otherwise None."""
        live = self._live.of_id(id)
        if live is None or live.rotating or live.session.expires_at == NEVER:
            return None
        if self._clock.wall() - live.session.rotated_at < ROTATED:
            return None
        live.rotating = True
        try:
            fresh, previous, now = OF_SESSION + self._random_token(), digest(token), self._clock.wall()
            rotated = await self._store.rotate_session(live.session, digest(fresh), previous, now)
        finally:
            live.rotating = False
        if live.ended or not rotated:
            return None
        session = replace(live.session, token_hash=digest(fresh), previous_hash=previous, rotated_at=now)
        self._live.replace(live, session)
        return fresh

    async def of_user(self, uid: str) -> list[Session]:
        """The sessions of an account that have not expired, the oldest first, with their last use as this node knows it."""
        now = self._clock.wall()
        sessions = [self._live.current(session) for session in await self._store.sessions_of(uid)]
        return [session for session in sessions if session.expires_at > now]

    async def revoke(self, uid: str, id: str) -> None:
        """Revoke a session of this account; durable on return. Raises NotFound, also for a session of another account."""
        if all(session.id != id for session in await self._store.sessions_of(uid)):
            raise NotFound()
        await self._revoke([id])

    async def revoke_all(self, uid: str, but: str | None = None) -> None:
        """Revoke every session of this account except the one with the id `but`; durable on return."""
        # A session that is being written is in memory only, an unused one in the store only.
        live = [one for one in self._live if one.session.uid == uid and one.session.id != but]
        for one in live:
            one.ended = True
        stored = {session.id for session in await self._store.sessions_of(uid)} - {but}
        await self._revoke({one.session.id for one in live} | stored)

    async def reload(self, ids: Collection[str]) -> None:
        """Read sessions again that another node changed or revoked. The listener is also told of those that are not in memory:
        a connection may use a session whose token was never used on this node."""
        self._lookups.changed(ids)
        rows = await self._lookups.of(ids, self._store.sessions)
        for id in ids:
            if id not in rows:
                self._end(id)
            elif self._live.of_id(id) is not None:
                self._live.update(rows[id])

    async def reload_all(self, connected: Collection[str]) -> None:
        """Read all sessions in memory again, because it is unknown what changed. `connected`: the sessions of connections."""
        self._lookups.changed(None)
        for some in groups({*self._live.ids, *connected}):
            await self.reload(some)

    def attach(self, id: str) -> None:
        """Count a new connection of this session, which is in use while the connection lasts."""
        live = self._live.of_id(id)
        if live is not None:
            live.connections += 1

    def detach(self, id: str) -> None:
        """Remove a closed connection of this session."""
        live = self._live.of_id(id)
        if live is not None and live.connections > 0:
            live.connections -= 1
            live.use(self._clock.wall())

    async def flush(self, *, everything: bool = False) -> None:
        """Write the last uses that are due (with `everything`: all of them), and which previous tokens are not valid any
        more. Once a minute."""
        due = self._live.unwritten(everything=everything)
        now = self._clock.wall()
        for live in self._live:
            if live.previous_until is not None and live.previous_until <= now:
                session = live.session
                await self._store.rotate_session(session, session.token_hash, None, session.rotated_at)
                if session is live.session:
                    self._live.replace(live, replace(session, previous_hash=None))
        if due:
            await self._store.touch_sessions({id: (used_at, used_at + SESSION_KEPT) for id, used_at in due.items()})
            self._live.written(due)

    async def sweep(self) -> None:
        """Remove unused sessions from memory and, once an hour, delete expired ones. Once a minute, after `flush`."""
        self._live.forget_unused()
        now = self._clock.wall()
        if now - self._deleted_at >= FORGOTTEN:
            await self._store.drop_sessions(now)
            self._deleted_at = now

    async def _revoke(self, ids: Collection[str]) -> None:
        # Marked twice: before the write for concurrent requests, and after it because a read that began before the write may
        # have brought one back.
        self._mark_ended(ids)
        await self._store.end_sessions(ids)
        self._mark_ended(ids)
        for id in ids:
            self._end(id)

    def _mark_ended(self, ids: Collection[str]) -> None:
        self._lookups.changed(ids)
        for id in ids:
            live = self._live.of_id(id)
            if live is not None:
                live.ended = True

    def _end(self, id: str) -> None:
        live = self._live.of_id(id)
        if live is not None:
            live.ended = True
            self._live.forget(live)
        self._listener.end_session(id)
