"""Login sessions in memory: by id and by token. Synchronous; see `Sessions`, which reads and writes the store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from suhbat.chat.model import Milliseconds, Session
from suhbat.chat.ports import Clock

SESSION_KEPT: Milliseconds = 30 * 24 * 3600 * 1000
"""How long a session lives after its last use."""
TOUCH: Milliseconds = 5 * 60 * 1000
"""How long the last use of a session may be in memory only."""
GRACE: Milliseconds = 60 * 1000
"""How long the previous token stays valid after the first use of the new one."""
FORGOTTEN: Milliseconds = 3600 * 1000
"""How long an unused session stays in memory. Its next use reads the store."""


@dataclass(slots=True, eq=False)
class LiveSession:
    """A session in use. `previous_until`: when the previous token stops being valid, None before the new one was used."""

    session: Session
    used_at: Milliseconds
    written_at: Milliseconds
    connections: int = 0
    rotating: bool = False
    previous_until: Milliseconds | None = None
    ended: bool = False

    def use(self, at: Milliseconds) -> None:
        """Note a use. A clock that was set back does not shorten the session."""
        self.used_at = max(self.used_at, at)


class LiveSessions:
    """The sessions used within the last FORGOTTEN. Every other session is in the store only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, LiveSession] = {}
        self._by_hash: dict[bytes, LiveSession] = {}

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(list(self._by_id.values()))

    @property
    def ids(self) -> Collection[str]:
        return self._by_id.keys()

    def of_id(self, id: str) -> LiveSession | None:
        return self._by_id.get(id)

    def of_hash(self, token_hash: bytes) -> LiveSession | None:
        """The session whose token, current or previous, has this hash."""
        return self._by_hash.get(token_hash)

    def add(self, session: Session) -> LiveSession:
        """Keep a session that is not in memory."""
        live = LiveSession(session, session.last_used_at, session.last_used_at)
        self._by_id[session.id] = live
        self._index(live)
        return live

    def update(self, row: Session) -> LiveSession:
        """Keep a session as the store has it: another node may have changed its token."""
        live = self._by_id.get(row.id)
        if live is None:
            return self.add(row)
        if (row.token_hash, row.previous_hash) != (live.session.token_hash, live.session.previous_hash):
            self.replace(live, row)
        return live

    def replace(self, live: LiveSession, session: Session) -> None:
        """Give a session other tokens."""
        self._unindex(live)
        live.session, live.previous_until = session, None
        self._index(live)

    def forget(self, live: LiveSession) -> None:
        """Remove a session from memory."""
        self._unindex(live)
        if self._by_id.get(live.session.id) is live:
            del self._by_id[live.session.id]

    def is_alive(self, live: LiveSession) -> bool:
        """Whether a session is neither revoked nor expired."""
        return not live.ended and self._expires_at(live) > self._clock.wall()

    def accepts(self, live: LiveSession, token_hash: bytes) -> bool:
        """Whether a token is valid for a session. The first use of a new token starts the GRACE of the previous one."""
        session, now = live.session, self._clock.wall()
        if token_hash not in (session.token_hash, session.previous_hash) or not self.is_alive(live):
            return False  # the row may have been read before the token was changed
        if session.previous_hash is None:
            return True
        if token_hash == session.token_hash:
            live.previous_until = live.previous_until or now + GRACE
            return True
        return live.previous_until is None or live.previous_until > now

    def current(self, session: Session) -> Session:
        """A stored session with its last use as it is known in memory."""
        live = self._by_id.get(session.id)
        if live is None:
            return session
        used_at = self._clock.wall() if live.connections else max(live.used_at, session.last_used_at)
        return replace(session, last_used_at=used_at, expires_at=max(session.expires_at, used_at + SESSION_KEPT))

    def unwritten(self, *, everything: bool) -> dict[str, Milliseconds]:
        """The last uses to write now, by id; with `everything`, all that are not written. A session that is used all the time
        is due after TOUCH, any other when it has not been used for TOUCH."""
        now = self._clock.wall()
        due: dict[str, Milliseconds] = {}
        for live in self._by_id.values():
            if live.connections:
                live.use(now)
            is_due = everything or live.used_at - live.written_at >= TOUCH or now - live.used_at >= TOUCH
            if live.used_at > live.written_at and is_due:
                due[live.session.id] = live.used_at
        return due

    def written(self, due: Mapping[str, Milliseconds]) -> None:
        """Note that these last uses are in the store."""
        for id, used_at in due.items():
            if (live := self._by_id.get(id)) is not None:
                live.written_at = used_at

    def forget_unused(self) -> None:
        """Remove the sessions that were not used within FORGOTTEN and have nothing left to write."""
        now = self._clock.wall()
        for live in self:
            idle = not live.connections and not live.rotating and live.previous_until is None
            if idle and now - live.used_at >= FORGOTTEN and live.written_at >= live.used_at:
                self.forget(live)

    def _expires_at(self, live: LiveSession) -> Milliseconds:
        if live.connections:
            return self._clock.wall() + SESSION_KEPT
        return max(live.session.expires_at, live.used_at + SESSION_KEPT)

    def _index(self, live: LiveSession) -> None:
        self._by_hash[live.session.token_hash] = live
        if live.session.previous_hash is not None:
            self._by_hash[live.session.previous_hash] = live

    def _unindex(self, live: LiveSession) -> None:
        self._by_hash.pop(live.session.token_hash, None)
        if live.session.previous_hash is not None:
            self._by_hash.pop(live.session.previous_hash, None)
