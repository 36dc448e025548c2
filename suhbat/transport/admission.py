"""Decides whether a WebSocket or an event stream may be opened, and which dialect serves it. The same for every transport."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil

from suhbat.chat.rate import Gcra, LruDict
from suhbat.errors import Busy, Forbidden, RateLimited, SuhbatError
from suhbat.hub.connection import Wire
from suhbat.hub.turn_end import TurnEnd
from suhbat.identity.address import metered
from suhbat.identity.origin import allowed
from suhbat.protocol import simple
from suhbat.protocol.v1 import SUBPROTOCOL
from suhbat.services import Services

from .dialect import Dialect
from .keepalive import Keepalive
from .paced_queue import PacedQueue
from .simple import SimpleDialect
from .upgrade import Upgrade, parse_query
from .v1 import V1Dialect

SIMPLE_PATH = "/ws/"
V1_PATH = "/api/v1/ws"

ATTEMPTS, REOPENED_SECONDS = 500, 40.0
"""The burst of upgrade requests of one address (at least twice `connections_per_address`), and the seconds after which the
whole burst is available again."""
STARTING_SECONDS = 5
"""`Retry-After` before start-up and after shutdown."""
FULL_SECONDS = 30
"""`Retry-After` when the server or the address has all the connections it may have."""


def is_ours(path: str) -> bool:
    """Whether Suhbat serves WebSockets at this path. Other paths belong to an application that Suhbat is mounted in."""
    return path == V1_PATH or path.startswith(SIMPLE_PATH)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request for a WebSocket upgrade.

    `path`: percent-decoded, without the root path. `query`: raw. `headers`: in the order received, repeated ones included.
    `peer`: the address of the TCP peer, which may be a proxy; None for a UNIX socket.
    """

    path: str
    query: bytes
    headers: Collection[tuple[str, str]]
    peer: str | None


class Admission:
    """`services` returns the node's services, or None before start-up and after shutdown."""

    def __init__(self, services: Callable[[], Services | None], turn_end: TurnEnd | None = None) -> None:
        self.turn_end = turn_end or TurnEnd()
        self.keepalive = Keepalive()
        self.handshakes = PacedQueue()
        self._services = services
        self._addresses: Counter[str] = Counter()
        self._streams: Counter[str] = Counter()
        self._attempts: LruDict[Gcra] = LruDict(self._meter)
        self._open = 0

    def admit(self, request: Request) -> Upgrade:
        """Check a request. Raises Busy (the server is starting, stopping or full), Forbidden (the Origin is not allowed) or
        RateLimited (too many attempts of one address); answer these over HTTP, see `native.refusal`."""
        services = self.services()
        try:
            return self._admit(request, services)
        except SuhbatError as error:
            services.counts.refuse("upgrade", error.code)
            raise

    def admit_stream(self, request: Request) -> tuple[Services, Upgrade]:
        """Check a request for an event stream, and count the stream. Call `leave_stream` once when it has ended. Raises the
        same, and RateLimited when the address has too many connections."""
        services = self.services()
        upgrade = self._admit(request, services)
        limit = services.settings.connections_per_address
        if limit and self._addresses[upgrade.address] >= limit:
            raise RateLimited("rate_limited.connections", retry_after=FULL_SECONDS, seconds=FULL_SECONDS)
        self._open += 1
        self._addresses[upgrade.address] += 1
        self._streams[upgrade.address] += 1
        return services, upgrade

    def leave_stream(self, address: str) -> None:
        """Count down after an event stream has ended."""
        self._streams[address] -= 1
        if not self._streams[address]:
            del self._streams[address]
        self.leave(address)

    def services(self) -> Services:
        """Raises Busy (the server is starting or stopping)."""
        services = self._services()
        if services is None:
            raise Busy(retry_after=STARTING_SECONDS, seconds=STARTING_SECONDS)
        return services

    def upgrade(self, request: Request) -> Upgrade:
        """What a request says, without any check. Raises Busy."""
        address = self.services().proxies.address(request.peer, request.headers)
        headers = {name.lower(): value for name, value in request.headers}
        return Upgrade(request.path, headers, parse_query(request.query), address)

    def _admit(self, request: Request, services: Services) -> Upgrade:
        settings = services.settings
        if settings.connections and self._open >= settings.connections:
            raise Busy(retry_after=FULL_SECONDS, seconds=FULL_SECONDS)
        headers: dict[str, str] = {}
        doubled = False
        for raw_name, value in request.headers:
            name = raw_name.lower()
            doubled = doubled or (name in ("origin", "host", "authorization") and name in headers)
            headers[name] = value
        # A browser sends the Origin of its page. Without this check any page that a user visits could talk to a server on
        # their machine or in their network. The Host is checked too, against DNS rebinding.
        if doubled or not allowed(headers.get("origin"), headers.get("host"), settings.origins, settings.public_url):
            raise Forbidden("forbidden.origin")
        address = services.proxies.address(request.peer, request.headers)
        if settings.connections_per_address and (counted := metered(address)):
            wait = self._attempts[counted].take(services.clock.steady())
            if wait:
                raise RateLimited("rate_limited.connections", retry_after=wait, seconds=ceil(wait))
        return Upgrade(request.path, headers, parse_query(request.query), address)

    def _meter(self) -> Gcra:
        """Make the meter for the attempts of one address."""
        services = self._services()
        assert services is not None
        burst = max(ATTEMPTS, 2 * services.settings.connections_per_address)
        return Gcra(burst / REOPENED_SECONDS, burst)

    def sockets_of(self, address: str) -> int:
        """The number of open WebSockets of an address, without event streams, which are HTTP connections."""
        return self._addresses.get(address, 0) - self._streams.get(address, 0)

    @property
    def public_url(self) -> str | None:
        """The setting of that name, for the headers of a refusal; None also before start-up."""
        services = self._services()
        return None if services is None else services.settings.public_url

    @property
    def compression(self) -> bool:
        """Whether permessage-deflate (RFC 7692) is accepted when a client offers it."""
        services = self._services()
        return services is not None and services.settings.compression

    def subprotocol(self, upgrade: Upgrade) -> str | None:
        """The offered subprotocol that this path serves (RFC 6455 §4.2.2), or None."""
        offered = upgrade.headers.get("sec-websocket-protocol", "").split(",")
        return SUBPROTOCOL if upgrade.path == V1_PATH and SUBPROTOCOL in map(str.strip, offered) else None

    def enter(self, wire: Wire, upgrade: Upgrade) -> Dialect:
        """Count an accepted connection and return the dialect for its path. If the address has too many connections, the
        dialect has already sent an error and closed.

        Call `leave` once for every `enter`, with the same address. Raises Busy when the server has just stopped.
        """
        services = self.services()
        self._open += 1
        self._addresses[upgrade.address] += 1
        dialect: SimpleDialect | V1Dialect
        if upgrade.path == V1_PATH:
            dialect = V1Dialect(services, wire, upgrade)
        else:
            dialect = SimpleDialect(services, wire, upgrade, upgrade.path.removeprefix(SIMPLE_PATH))
        limit = services.settings.connections_per_address
        if limit and self._addresses[upgrade.address] > limit:
            error = RateLimited("rate_limited.connections", retry_after=FULL_SECONDS, seconds=FULL_SECONDS)
            dialect.close_with_error(error, simple.refusal(error, upgrade.language))
        return dialect

    def leave(self, address: str) -> None:
        """Count down after a connection has closed."""
        self._open -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]
