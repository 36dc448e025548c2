"""The client address of a request, for limits, and whether the client is on this machine.

A proxy on this machine connects over loopback, as local clients do. Its visitors must not get the privileges of local clients
(no limits, /metrics, commands of the command line). A proxy is recognised by the headers that it adds, or by the Host that it
passes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog

from .address import client_address, is_loopback, neighbourhood, networks

log = structlog.get_logger("suhbat.proxies")

PROXY = "proxy"
"""The address of all visitors of an untrusted proxy on this machine. They cannot be told apart, because they may have written
the headers themselves."""
ADVICE = "set trusted_proxies to the proxy's address, and have it send X-Forwarded-For"

Headers = Iterable[tuple[str, str]]
"""Names in any case, in order."""


class Proxies:
    """`trusted`: the setting, addresses or networks. Raises ValueError for an invalid one."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = networks(trusted)
        self.unknown: str | None = None
        """The address of an untrusted proxy that was seen, "" for a UNIX socket; None if none was seen."""

    def address(self, peer: str | None, headers: Headers) -> str:
        """The client address, for limits. `peer`: the other end of the connection."""
        forwarded_for, is_passed_on, is_here = _read(headers)
        address = client_address(peer, forwarded_for, self._trusted)
        if (is_loopback(address) and (is_passed_on or not is_here)) or (not address and is_passed_on):
            # Also if a trusted proxy reports loopback: its visitor wrote that, or it reported no address.
            address = PROXY
        if (is_passed_on or address == PROXY) and self.unknown is None:
            self._note_proxy(peer or "")
        return neighbourhood(address)

    def is_local(self, peer: str | None, headers: Headers) -> bool:
        """Whether the client is on this machine, and neither behind a proxy on it nor a page in its browser. Host shows a page
        whose DNS points here."""
        _, is_passed_on, is_here = _read(headers)
        return peer is not None and is_loopback(peer) and is_here and not is_passed_on

    def is_trusted(self, peer: str) -> bool:
        """Whether this is a trusted proxy, whose connections belong to many users."""
        return client_address(peer, ["192.0.2.1"], self._trusted) == "192.0.2.1"

    def _note_proxy(self, peer: str) -> None:
        """Log an untrusted proxy once. Headers from a public address may be forged, so they are ignored."""
        if not self.is_trusted(peer) and _is_near(peer):
            self.unknown = peer
            log.warning("proxy: not trusted, all its visitors count as one address", peer=peer, advice=ADVICE)


def _read(headers: Headers) -> tuple[list[str], bool, bool]:
    """The values of X-Forwarded-For; whether a proxy passed the request on; whether Host is a name of this machine."""
    forwarded_for: list[str] = []
    is_passed_on = is_here = False
    for raw_name, value in headers:
        name = raw_name.lower()
        if name == "host":
            is_here = _is_here(value)
        elif name in ("forwarded", "via", "x-real-ip") or name.startswith("x-forwarded-"):
            is_passed_on = True
            if name == "x-forwarded-for":
                forwarded_for.append(value)
    return forwarded_for, is_passed_on, is_here


def _is_here(host: str) -> bool:
    try:
        name = urlsplit("//" + host).hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)


def _is_near(peer: str) -> bool:
    """Whether a peer can be a proxy of this installation: on this machine, or in a private network."""
    try:
        return not ip_address(peer.partition("%")[0]).is_global
    except ValueError:
        return not peer
