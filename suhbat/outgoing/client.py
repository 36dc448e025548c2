"""The one client for addresses that users give. It reaches public hosts over https and nothing else, unless
`outgoing_allow` says so.

A name is looked up once for each connection, and the connection goes to an address that was checked, so a name that
resolves to another address the second time gains nothing. There are no cookies, no proxies from the environment and no
compression. A connection is used for one request, or with `OutgoingLimits.reuse` for further ones to the same origin.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from .addresses import LOOPBACK, Address, AllowedAddresses, is_loopback_name
from .errors import AddressRefused, NotReached, TimedOut, failure_of
from .exchange import OutgoingAnswer, OutgoingRequest, exchange
from .idle import IdleConnections, OpenConnection
from .resolving import Resolve, SystemResolver
from .slots import SlotLimits, Slots
from .targets import OutgoingTarget, parse_target

MOST_BODY = 1 << 20
"""Bytes that a request may send."""
CONNECT_SECONDS = 5.0
"""For one address, with its TLS handshake. A host may have several."""
MOST_ADDRESSES = 4
"""Addresses of a host that are tried."""
SLOTS = SlotLimits(
    quick=48, others=16, per_host=16, per_owner=4, waiting=2000, waiting_per_host=1600, waiting_per_owner=40
)
"""All pushes in progress may be for one push service: 100 rows with 16 subscriptions each."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_OTHERS = frozenset({"accept", "accept-language", "user-agent"})
"""Headers that go along with a redirect to another origin; the others may be meant for the first one alone."""


@dataclass(frozen=True, slots=True)
class OutgoingLimits:
    """`seconds`: from the look-up of the name to the end of the answer, over all redirects. `most`: bytes of its body that are
    read; the answer says if there were more. `redirects`: how many are followed; only GET and HEAD follow any. `reuse`: whether
    to use a connection of an earlier such request, and to keep it for the next. If the host had closed it, the request is sent
    again, so it may arrive twice."""

    seconds: float = 10.0
    most: int = 65_536
    redirects: int = 0
    reuse: bool = False


class OutgoingClient:
    """`allowed`: see `addresses`. `resolve` and `tls` are for tests, and made when first used."""

    def __init__(
        self,
        allowed: AllowedAddresses,
        resolve: Resolve | None = None,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._allowed = allowed
        # Names whose look-up hangs hold up only the look-ups of other such names.
        self._resolve_quick = resolve or SystemResolver()
        self._resolve_others = resolve or SystemResolver()
        self._make_tls = tls
        self._slots = Slots(SLOTS)
        self._idle = IdleConnections()

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
            if is_loopback_name(target.host) and not any(
                self._allowed.permits(one, encrypted=target.encrypted) for one in LOOPBACK
            ):
                raise AddressRefused("the address is that of this machine") from None
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
        *,
        owner: str | None = None,
    ) -> OutgoingAnswer:
        """Send a request; the answer may have any status. `headers`: names in lower case; Host and the like are added. `owner`:
        who gave the address; only some requests for one owner run at a time.

        Raises AddressRefused, TimedOut or NotReached. While many requests run it waits for its turn, before `limits` begin.
        """
        assert len(body) <= MOST_BODY
        limits = limits or OutgoingLimits()
        target, sent, left = parse_target(url), dict(headers or {}), limits.redirects
        deadline = limits.seconds
        loop = asyncio.get_running_loop()
        while True:
            async with self._slots.hold(target.host, owner):
                begun = loop.time()
                answer = await self._within(deadline, method, target, sent, body, limits)
                deadline -= loop.time() - begun
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None or not limits.redirects:
                return answer
            if method not in ("GET", "HEAD"):
                return answer
            if not left:
                raise NotReached(f"{target.origin} redirects too often")
            left -= 1
            following = target.redirected(location)
            if following.origin != target.origin:
                sent = {name: value for name, value in sent.items() if name in _FOR_OTHERS}
            target = following

    def close(self) -> None:
        """Close the connections that wait for a request."""
        self._idle.close()

    async def _within(
        self,
        seconds: float,
        method: str,
        target: OutgoingTarget,
        headers: Mapping[str, str],
        body: bytes,
        limits: OutgoingLimits,
    ) -> OutgoingAnswer:
        sent = _complete(target, headers, body, method) | ({} if limits.reuse else {"connection": "close"})
        request = OutgoingRequest(method, target.path, sent, body)
        try:
            async with asyncio.timeout(seconds):
                if limits.reuse and (streams := await self._idle.take(target.origin)) is not None:
                    with suppress(OSError, NotReached):  # closed by the host while the request was on its way
                        return await self._once(streams, request, target, limits)
                return await self._once(await self._connect(target), request, target, limits)
        except TimeoutError:
            raise TimedOut(f"{target.origin} did not answer in time") from None
        except OSError as error:  # ssl.SSLError is one
            raise NotReached(f"{target.origin}: {_reason(error)}", failure_of(error)) from None

    async def _once(
        self, streams: OpenConnection, request: OutgoingRequest, target: OutgoingTarget, limits: OutgoingLimits
    ) -> OutgoingAnswer:
        is_whole = False
        try:
            answer, is_whole = await exchange(streams.reader, streams.writer, request, target.url, limits.most)
            return answer
        finally:
            if is_whole and limits.reuse:
                self._idle.keep(target.origin, streams)
            else:
                streams.writer.transport.abort()  # a close would wait for the other side

    async def _connect(self, target: OutgoingTarget) -> OpenConnection:
        """Connect to a checked address of the target. The certificate must be for the name."""
        addresses = await self._addresses(target)
        tls, name = (self._tls, target.host.rstrip(".")) if target.encrypted else (None, None)
        failures: list[OSError] = []
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    opened = await asyncio.open_connection(str(address), target.port, ssl=tls, server_hostname=name)
                return OpenConnection(*opened, asyncio.get_running_loop().time())
            except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors
                failures.append(error)
        # A machine without IPv6 reaches none of those addresses, which says nothing of the host.
        raise min(failures, key=lambda error: failure_of(error) == "unreachable")

    async def _addresses(self, target: OutgoingTarget) -> list[Address]:
        try:
            found = [ip_address(target.host)]
        except ValueError:
            resolve = self._resolve_quick if self._slots.is_quick(target.host) else self._resolve_others
            try:
                found = list(await resolve(target.host))
            except OSError as error:
                raise NotReached(f"{target.origin}: {_reason(error)}", "name") from None
            if not found:
                raise NotReached(f"{target.origin} has no address", "name") from None
        self._require(target, found)
        return found[:MOST_ADDRESSES]

    def _require(self, target: OutgoingTarget, addresses: list[Address]) -> None:
        # One address that is not allowed refuses all: a host with public and private addresses is a trick or a mistake.
        if not all(self._allowed.permits(address, encrypted=target.encrypted) for address in addresses):
            reason = "an address that is not public" if target.encrypted else "an address that is reached by https only"
            raise AddressRefused(f"{target.origin} has {reason}; see the setting outgoing_allow")


def _complete(target: OutgoingTarget, headers: Mapping[str, str], body: bytes, method: str) -> dict[str, str]:
    own = {"host": target.authority, "user-agent": "Suhbat", "accept-encoding": "identity"}
    if body or method not in ("GET", "HEAD"):
        own["content-length"] = str(len(body))
    return {**own, **headers}


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    return error.strerror or type(error).__name__
