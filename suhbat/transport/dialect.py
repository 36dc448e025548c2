"""What a transport drives, and what both dialects share: who it is, their connection in the hub, and the ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, Protocol

import structlog

from suhbat.chat.tarpit import CODES, LONGEST
from suhbat.errors import SuhbatError
from suhbat.hub.connection import Connection, Wire
from suhbat.identity.address import metered
from suhbat.identity.login import Login
from suhbat.identity.outside import Asked
from suhbat.identity.tokens import is_ours
from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.protocol.machine import Answer, End
from suhbat.services import Services
from suhbat.texts import language_of

from .upgrade import Upgrade

log = structlog.get_logger("suhbat.transport")

IN_FLIGHT = 512
"""Commands of one connection that may wait for the store; beyond that the socket is not read."""
REPLY_BYTES = 256 * 1024
"""Unsent bytes beyond which the socket is not read: answers are never dropped, so no more may be asked."""


Rest = Coroutine[Any, Any, None]
"""What remains to be awaited of a step, before the next frame may be given."""


class Dialect(Protocol):
    """What is said on one connection, driven by a transport.

    The transport calls `open` once, then `receive` for each frame, then `closed` once, whatever happened. Most steps are
    done when they return; where the store must be read they return the `Rest`.
    """

    @property
    def crowded(self) -> bool:
        """Whether the transport should not read on: too much asked, or too much unread."""
        ...

    def open(self) -> Rest | None: ...
    def receive(self, data: str | bytes) -> Rest | None: ...
    def closed(self) -> None: ...


class BaseDialect:
    """The connection in the hub, presence, and the ends."""

    label: ClassVar[str]
    """What /metrics calls it."""

    __slots__ = (
        "_expiry",
        "_slow_until",
        "address",
        "attached",
        "connection",
        "in_flight",
        "language",
        "services",
        "wire",
    )

    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade) -> None:
        self.services = services
        self.wire = wire
        self.language = upgrade.language
        self.address = metered(upgrade.address)
        self.connection: Connection | None = None
        self.attached: Login | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self.in_flight = 0
        self._slow_until = 0.0  # not read until then, in steady seconds

    def enter(self, connection: Connection) -> None:
        """Count the connection in, and tell everybody if it is the user's first."""
        self.connection = connection
        self.services.hub.add(connection)
        actor = connection.actor
        if self.services.here.enter(actor) and self.services.here.announcing:
            frame = simple.joined(actor.user_id, actor.uid, self.services.clock.wall())
            self.services.hub.announcements.announce(frame)

    def closed(self) -> None:
        """The socket is gone. Idempotent."""
        connection, self.connection = self.connection, None
        if connection is not None:
            here, clock, hub = self.services.here, self.services.clock, self.services.hub
            announcing, now, logs = here.announcing, clock.wall(), tuple(connection.logs)
            hub.remove(connection)
            if here.leave(connection.actor, now, logs) and announcing:
                hub.announcements.announce(simple.left(connection.actor.user_id, connection.actor.uid, now))
        self.release()

    def release(self) -> None:
        """Let go of the identity. Idempotent."""
        login, self.attached = self.attached, None
        expiry, self._expiry = self._expiry, None
        if expiry is not None:
            expiry.cancel()
        if login is not None:
            self.services.people.detach(login)

    async def authenticate(self, token: str) -> Login:
        """Whose token this is; the identity is held until `release`. Raises Unauthenticated."""
        login = await self.services.people.authenticate(token)
        self.hold(login)
        return login

    async def recognise_outside(self, upgrade: Upgrade, token: str | None) -> Login | None:
        """Whom the application around takes them for; None where there is none, or it knows nobody."""
        if self.services.outside is None or (token is not None and is_ours(token)):
            return None
        login = await self.services.outside.login(Asked(upgrade.path, upgrade.headers, upgrade.query, token))
        if login is not None:
            self.hold(login)
        return login

    def hold(self, login: Login) -> None:
        """Be somebody who was recognised, until `release`. Raises Forbidden for who is banned."""
        self.services.bans.check(login.actor.uid)
        self.services.people.attach(login)
        self.attached = login
        if login.until is not None:
            seconds = (login.until - self.services.clock.wall()) / 1000
            self._expiry = asyncio.get_running_loop().call_later(max(seconds, 0.0), self._expire)
        account = self.services.people.accounts.of_uid(login.actor.uid)
        if account is not None and (preferred := language_of(account.locale or "")):
            self.language = preferred

    def _expire(self) -> None:
        """The application around said that they have to be asked for again by now."""
        if self.connection is not None:
            self.connection.revoke()
        else:
            self.wire.close(Close.SESSION_REVOKED, "session_revoked")

    def still(self, login: Login, connection: Connection) -> bool:
        """Whether they still are who they were when they were recognised; if not, the connection is closed (4505).

        Ask after the last `await` before `enter`: who is revoked later is found in the hub.
        """
        if self.services.people.is_current(login):
            return True
        connection.revoke()
        return False

    def write(self, payload: bytes) -> None:
        self.wire.reply(payload)

    def end(self, error: SuhbatError, frame: bytes) -> None:
        """Refuse: an error frame, so that Postman shows why, then the close."""
        self.refused(error.code)
        self.write(frame)
        self.wire.close(Close(error.close), error.code)

    def refused(self, code: str) -> None:
        """Count a refusal that the client is told. If its address is in the tarpit, the socket is not read for a while."""
        self.services.counts.refuse(self.label, code)
        if code in CODES:
            now = self.services.clock.steady()
            wait = self.services.limits.tarpit.take(self.address, now)
            if wait != 0.0:
                self._slow_until = now + (LONGEST if wait is None else wait)

    def act(self, action: Answer | End) -> None:
        """Carry out what needs nothing but the wire."""
        if action.refused is not None:
            self.refused(action.refused)
        if isinstance(action, Answer):
            self.write(action.frame)
            return
        if action.frame is not None:
            self.write(action.frame)
        self.wire.close(action.code, action.reason)

    @property
    def crowded(self) -> bool:
        if self._slow_until and self._slow_until > self.services.clock.steady():
            return True
        return self.in_flight >= IN_FLIGHT or (self.wire.congested and self.wire.unsent() > REPLY_BYTES)
