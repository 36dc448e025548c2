"""The one client for addresses that users give. It reaches public hosts over https and nothing else, unless
`outgoing_allow` says so.

A name is looked up once for each connection, and the connection goes to an address that was checked, so a name that
resolves to another address the second time gains nothing. There are no cookies, no proxies from the environment, no
compression, and no connection is used twice.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from .addresses import Address, AllowedAddresses
from .errors import AddressRefused, TimedOut, Unreachable
from .exchange import OutgoingAnswer, OutgoingRequest, exchange
from .resolving import Resolve, SystemResolver
from .slots import Slots
from .targets import OutgoingTarget, parse_target

MOST_BODY = 1 << 20
"""Bytes that a request may send."""
CONNECT_SECONDS = 5.0
"""For one address, with its TLS handshake. A host may have several."""
MOST_ADDRESSES = 4
"""Addresses of a host that are tried."""
TOTAL, PER_HOST, MOST_WAITING, WAITING_PER_HOST = 64, 8, 2000, 800
"""Requests in progress, and waiting. All pushes in progress may be for one push service: 50 rows with 16 subscriptions each."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_OTHERS = frozenset({"accept", "accept-language", "user-agent"})
"""Headers that go along with a redirect to another origin; the others may be meant for the first one alone."""


@dataclass(frozen=True, slots=True)
class OutgoingLimits:
    """`seconds`: from the look-up of the name to the end of the answer, over all redirects. `most`: bytes of its body that are
    read; the answer says if there were more. `redirects`: how many are followed; only GET and HEAD follow any."""

    seconds: float = 10.0
    most: int = 65_536
    redirects: int = 0


class OutgoingClient:
    """`allowed`: see `addresses`. `resolve` and `tls` are for tests, and made when first used."""

    def __init__(
        self,
        allowed: AllowedAddresses,
        resolve: Resolve | None = None,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve or SystemResolver()
        self._make_tls = tls
        self._slots = Slots(TOTAL, PER_HOST, MOST_WAITING, WAITING_PER_HOST)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Loading the certificates of the system takes some 20 ms.
        return self._make_tls()

    def check(self, url: str) -> OutgoingTarget:
        """Raise AddressRefused if an address can never be reached, as far as its text says so. A name is not looked up."""
        target = parse_target(url)
        try:
            address = ip_address(target.host)
        except ValueError:
            if target.encrypted or self._allowed.some:
                return target
            raise AddressRefused("the address does not begin with https://") from None
        self._require(target, [address])
        return target

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        limits: OutgoingLimits | None = None,
    ) -> OutgoingAnswer:
        """Send a request; the answer may have any status. `headers`: names in lower case; Host and the like are added.

        Raises AddressRefused, TimedOut or Unreachable. While many requests run it waits for its turn, before `limits` begin.
        """
        assert len(body) <= MOST_BODY
        limits = limits or OutgoingLimits()
        target, sent, left = parse_target(url), dict(headers or {}), limits.redirects
        deadline = limits.seconds
        loop = asyncio.get_running_loop()
        while True:
            async with self._slots.hold(target.host):
                begun = loop.time()
                answer = await self._within(deadline, method, target, sent, body, limits.most)
                deadline -= loop.time() - begun
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None or not limits.redirects:
                return answer
            if method not in ("GET", "HEAD"):
                return answer
            if not left:
                raise Unreachable(f"{target.origin} redirects too often")
            left -= 1
            following = target.redirected(location)
            if following.origin != target.origin:
                sent = {name: value for name, value in sent.items() if name in _FOR_OTHERS}
            target = following

    async def _within(
        self, seconds: float, method: str, target: OutgoingTarget, headers: Mapping[str, str], body: bytes, most: int
    ) -> OutgoingAnswer:
        try:
            async with asyncio.timeout(seconds):
                return await self._once(method, target, headers, body, most)
        except TimeoutError:
            raise TimedOut(f"{target.origin} did not answer in time") from None
        except OSError as error:  # ssl.SSLError is one
            raise Unreachable(f"{target.origin}: {_reason(error)}") from None

    async def _once(
        self, method: str, target: OutgoingTarget, headers: Mapping[str, str], body: bytes, most: int
    ) -> OutgoingAnswer:
        reader, writer = await self._connect(target)
        try:
            request = OutgoingRequest(method, target.path, _complete(target, headers, body, method), body)
            return await exchange(reader, writer, request, target.url, most)
        finally:
            # A close would wait for the other side.
            writer.transport.abort()

    async def _connect(self, target: OutgoingTarget) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a checked address of the target. The certificate must be for the name."""
        addresses = await self._addresses(target)
        tls = {"ssl": self._tls, "server_hostname": target.host.rstrip(".")} if target.encrypted else {}
        for n, address in enumerate(addresses, 1):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(str(address), target.port, **tls)  # type: ignore[arg-type]
            except OSError:  # TimeoutError and ssl.SSLError are OSErrors
                if n == len(addresses):
                    raise
        raise Unreachable(f"{target.origin} has no address")

    async def _addresses(self, target: OutgoingTarget) -> list[Address]:
        try:
            found = [ip_address(target.host)]
        except ValueError:
            found = list(await self._resolve(target.host))
        self._require(target, found)
        return found[:MOST_ADDRESSES]

    def _require(self, target: OutgoingTarget, addresses: list[Address]) -> None:
        # One address that is not allowed refuses all: a host with public and private addresses is a trick or a mistake.
        if not all(self._allowed.permits(address, encrypted=target.encrypted) for address in addresses):
            reason = "an address that is not public" if target.encrypted else "an address that is reached by https only"
            raise AddressRefused(f"{target.origin} has {reason}; see the setting outgoing_allow")


def _complete(target: OutgoingTarget, headers: Mapping[str, str], body: bytes, method: str) -> dict[str, str]:
    own = {"host": target.authority, "user-agent": "Suhbat", "accept-encoding": "identity", "connection": "close"}
    if body or method not in ("GET", "HEAD"):
        own["content-length"] = str(len(body))
    return {**own, **headers}


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    return error.strerror or type(error).__name__
