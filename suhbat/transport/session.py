"""What both dialects' sessions share: what they need, what they know of the request, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qs

import structlog

from suhbat.chat.acting import Acting
from suhbat.chat.bans import Bans
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Clock, Store
from suhbat.chat.presence import Here
from suhbat.chat.rate import Rates
from suhbat.chat.tarpit import CODES, LONGEST, Tarpit
from suhbat.chat.turns import Reads
from suhbat.config import Settings
from suhbat.counting import Counts
from suhbat.errors import SuhbatError
from suhbat.hub.connection import Connection, Wire
from suhbat.hub.hub import Hub
from suhbat.identity.address import metered
from suhbat.identity.cookie import token_in
from suhbat.identity.guests import Names
from suhbat.identity.login import Login
from suhbat.identity.outside import Asked, Outside
from suhbat.identity.people import People
from suhbat.identity.proxies import Proxies
from suhbat.identity.tickets import Tickets
from suhbat.identity.tokens import is_ours
from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.protocol.machine import Answer, End
from suhbat.tasks import Tasks
from suhbat.texts import Language, choose, language_of

from .strangers import Strangers
from .turnstile import Turnstile

log = structlog.get_logger("suhbat.transport")

IN_FLIGHT = 512
"""Commands of one connection that may wait for the store; beyond that the socket is not read."""
QUERY_FIELDS = 20
REPLY_BYTES = 256 * 1024
"""Unsent bytes beyond which the socket is not read: answers are never dropped, so no more may be asked."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a session needs of the rest of the house; `node.py` fills it."""

    settings: Settings
    store: Store
    hub: Hub
    tasks: Tasks
    here: Here
    people: People
    tickets: Tickets
    messages: Messages
    acting: Acting
    bans: Bans
    rates: Rates
    reads: Reads
    clock: Clock
    turnstile: Turnstile
    strangers: Strangers
    outside: Outside | None
    """Where this is a part of another application that knows its people."""
    proxies: Proxies
    names: Names | None = None
    """Where several nodes share the names of bare guests."""
    counts: Counts = field(default_factory=Counts)
    tarpit: Tarpit = field(default_factory=Tarpit)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The HTTP request that became a WebSocket. Header names are lower case; of doubled ones the last counts."""

    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    address: str

    @property
    def language(self) -> Language:
        return choose(self.headers.get("accept-language", ""), self.query.get("lang"))

    @property
    def token(self) -> str | None:
        """`Authorization: Bearer`, or the session cookie (RFC 6750, RFC 6265). Tokens never travel in the URL."""
        return self.bearer or self.cookie

    @property
    def bearer(self) -> str | None:
        """The token that somebody chose to send."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    @property
    def cookie(self) -> str | None:
        """The token that a browser sends by itself."""
        return token_in(self.headers.get("cookie", ""))


def parse_query(query: bytes) -> dict[str, str]:
    """A query string's last value of each name; {} for one that is too long to be meant."""
    if query.count(b"&") >= QUERY_FIELDS:
        return {}
    return {name: values[-1] for name, values in parse_qs(query.decode("latin-1")).items()}


Rest = Coroutine[Any, Any, None]
"""What remains to be awaited of a step, before the next frame may be given."""


class Session(Protocol):
    """One connection's dialect, driven by a transport.

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


class BaseSession:
    """The connection in the hub, presence, and the ends."""

    dialect: ClassVar[str]
    """As /metrics calls it."""

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
            self.services.hub.announcements.tell(frame)

    def closed(self) -> None:
        """The socket is gone. Idempotent."""
        connection, self.connection = self.connection, None
        if connection is not None:
            here, clock, hub = self.services.here, self.services.clock, self.services.hub
            announcing, now, logs = here.announcing, clock.wall(), tuple(connection.logs)
            hub.remove(connection)
            if here.leave(connection.actor, now, logs) and announcing:
                hub.announcements.tell(simple.left(connection.actor.user_id, connection.actor.uid, now))
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
        self.services.counts.refuse(self.dialect, code)
        if code in CODES:
            now = self.services.clock.steady()
            wait = self.services.tarpit.take(self.address, now)
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
