"""The interface between transports and dialects (`Dialect`), and the base of both dialects (`BaseDialect`)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, Protocol

import structlog

from suhbat.chat.tarpit import CODES, LONGEST
from suhbat.errors import SuhbatError
from suhbat.hub.connection import Connection, Wire
from suhbat.identity.address import metered
from suhbat.identity.external import Asked
from suhbat.identity.tokens import is_ours
from suhbat.identity.user_directory import Login
from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.protocol.machine import Answer, End
from suhbat.services import Services
from suhbat.texts import language_of

from .upgrade import Upgrade

log = structlog.get_logger("suhbat.transport")

IN_FLIGHT = 512
"""Commands of one connection that may wait for the store. While there are more, the socket is not read."""
REPLY_BYTES = 256 * 1024
"""While more bytes than this are unsent, the socket is not read. Replies are never dropped, so the client must wait."""
SYNCS = 8
"""Syncs of one connection that may wait for `caught_up`; while there are more, the socket is not read. Each holds the heads
that it asked for, and every step of the feed checks them."""


Rest = Coroutine[Any, Any, None]
"""The rest of a step. Await it before the dialect is given the next frame."""


class Dialect(Protocol):
    """Handles the messages of one connection. A transport drives it.

    The transport calls `open` once, then `receive` for each message, then `closed` once, whatever happened. A step that
    must wait for the store returns its `Rest`; other steps are complete when they return.
    """

    @property
    def crowded(self) -> bool:
        """Whether the transport must not read: too many commands are waiting, or the client has too much unread."""
        ...

    def open(self) -> Rest | None: ...
    def receive(self, data: str | bytes) -> Rest | None: ...
    def closed(self) -> None: ...


class BaseDialect:
    """The base of both dialects: identity, registration in the hub, presence, refusals and closing.

    `address`: the client's address for rate limits; empty where it is not limited. `attached`: the login in use.
    `in_flight`: sends that wait for the store.
    """

    label: ClassVar[str]
    """The dialect's name in /metrics."""

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
        self._slow_until = 0.0  # the tarpit: the socket is not read until this time, in steady seconds

    def enter(self, connection: Connection) -> None:
        """Register the connection in the hub, and announce the user if it is their first one."""
        self.connection = connection
        self.services.hub.add(connection)
        actor = connection.actor
        if self.services.presence.enter(actor) and self.services.presence.announcing:
            frame = simple.joined(actor.user_id, actor.uid, self.services.clock.wall())
            self.services.hub.announcements.announce(frame)

    def closed(self) -> None:
        """Undo `enter` and `use` after the socket has closed. Idempotent."""
        connection, self.connection = self.connection, None
        if connection is not None:
            presence, clock, hub = self.services.presence, self.services.clock, self.services.hub
            announcing, now, logs = presence.announcing, clock.wall(), tuple(connection.logs)
            hub.remove(connection)
            self.services.active.end(connection.actor.uid, connection.id)
            if presence.leave(connection.actor, now, logs) and announcing:
                hub.announcements.announce(simple.left(connection.actor.user_id, connection.actor.uid, now))
        self.release()

    def release(self) -> None:
        """Release the login, if there is one. Idempotent."""
        login, self.attached = self.attached, None
        expiry, self._expiry = self._expiry, None
        if expiry is not None:
            expiry.cancel()
        if login is not None:
            self.services.people.detach(login)

    async def authenticate(self, token: str) -> Login:
        """Find the login of a token, and hold it until `release`. Raises Unauthenticated, Forbidden, Busy."""
        login = await self.services.people.authenticate(token)
        self.use(login)
        return login

    async def ask_outside(self, upgrade: Upgrade, token: str | None) -> Login | None:
        """Ask the application that Suhbat is mounted in for the user of a request. None if there is no such application, if the
        token is Suhbat's own, or if the application does not know the user."""
        if self.services.external is None or (token is not None and is_ours(token)):
            return None
        return await self.services.external.login(Asked(upgrade.path, upgrade.headers, upgrade.query, token))

    async def login_outside(self, upgrade: Upgrade, token: str | None) -> Login | None:
        """The same, and hold the login."""
        login = await self.ask_outside(upgrade, token)
        if login is not None:
            self.use(login)
        return login

    def use(self, login: Login) -> None:
        """Use a login until `release`. Raises Forbidden if the user is banned."""
        self.services.bans.check(login.actor)
        self.services.people.attach(login)
        self.attached = login
        if login.until is not None:
            seconds = (login.until - self.services.clock.wall()) / 1000
            self._expiry = asyncio.get_running_loop().call_later(max(seconds, 0.0), self._expire)
        self.prefer_language_of(login)

    def prefer_language_of(self, login: Login) -> None:
        """Use the language of the account, if it has chosen one."""
        account = self.services.people.accounts.of_uid(login.actor.uid)
        if account is not None and (preferred := language_of(account.locale or "")):
            self.language = preferred

    def _expire(self) -> None:
        """End the connection at the time until which the outer application's answer was valid."""
        if self.connection is not None:
            self.connection.revoke()
        else:
            self.wire.close(Close.SESSION_REVOKED, "session_revoked")

    def is_valid(self, login: Login, connection: Connection) -> bool:
        """Whether the login is still valid; if not, the connection is closed with 4505.

        Call it after the last `await` before `enter`. A later revocation finds the connection in the hub.
        """
        if self.services.people.is_current(login):
            return True
        connection.revoke()
        return False

    def write(self, payload: bytes) -> None:
        self.wire.reply(payload)

    def close_with_error(self, error: SuhbatError, frame: bytes) -> None:
        """Send an error frame (which Postman shows), then close with the error's code."""
        self.count_refusal(error.code)
        self.write(frame)
        self.wire.close(Close(error.close), error.code)

    def count_refusal(self, code: str) -> None:
        """Count an error that is sent to the client. If the error is one that the tarpit counts and the address has too
        many of them, the socket is not read for some time."""
        self.services.counts.refuse(self.label, code)
        if code in CODES:
            now = self.services.clock.steady()
            wait = self.services.limits.tarpit.take(self.address, now)
            if wait != 0.0:
                self._slow_until = now + (LONGEST if wait is None else wait)

    def perform(self, action: Answer | End) -> None:
        """Carry out an action of the protocol machine that only writes or closes."""
        if action.refused is not None:
            self.count_refusal(action.refused)
        if isinstance(action, Answer):
            self.write(action.frame)
            return
        if action.frame is not None:
            self.write(action.frame)
        self.wire.close(action.code, action.reason)

    @property
    def crowded(self) -> bool:
        connection = self.connection
        return (
            self.in_flight >= IN_FLIGHT
            or (self._slow_until != 0.0 and self._slow_until > self.services.clock.steady())
            or (connection is not None and len(connection.targets) > SYNCS)
            or (self.wire.congested and self.wire.unsent() > REPLY_BYTES)
        )
