"""Which address limits count a request by, and whether it is of this machine itself.

A proxy on this machine looks like this machine: it connects over loopback. Nothing that is allowed to this machine alone (no
limits, /metrics, the orders of the command line) may be allowed to everybody behind it. A proxy shows by the headers that it
adds, or by the Host that it passes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog

from .address import client_address, is_loopback, neighbourhood, networks

log = structlog.get_logger("suhbat.proxies")

PROXY = "proxy"
"""The address of everybody who comes through a proxy on this machine that is not trusted: they cannot be told apart, since
what such a proxy says of them may be their own words."""
ADVICE = "set trusted_proxies to the proxy's address, and have it send X-Forwarded-For"

Headers = Iterable[tuple[str, str]]
"""Names in whatever case, as they came."""


class Proxies:
    """`trusted`: addresses or networks, the setting. Raises ValueError on what is neither."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = networks(trusted)
        self.unknown: str | None = None
        """The address of a proxy that is not trusted, when one was seen; "" where it came over a UNIX socket."""

    def address(self, peer: str | None, headers: Headers) -> str:
        """Where the request comes from, as limits count it. `peer`: the other end of the connection."""
        forwarded_for, is_passed_on, is_here = _read(headers)
        address = client_address(peer, forwarded_for, self._trusted)
        if (is_loopback(address) and (is_passed_on or not is_here)) or (not address and is_passed_on):
            # Also where a trusted proxy says it: its visitor wrote that, or it did not say who the visitor is.
            address = PROXY
        if (is_passed_on or address == PROXY) and self.unknown is None:
            self._look_at(peer or "")
        return neighbourhood(address)

    def is_local(self, peer: str | None, headers: Headers) -> bool:
        """Whether the one who asks is on this machine, and not somebody behind a proxy on it or a page in its browser: a page
        whose DNS points here shows by Host."""
        _, is_passed_on, is_here = _read(headers)
        return peer is not None and is_loopback(peer) and is_here and not is_passed_on

    def is_trusted(self, peer: str) -> bool:
        """Whether this is a proxy whose connections are those of many people."""
        return client_address(peer, ["192.0.2.1"], self._trusted) == "192.0.2.1"

    def _look_at(self, peer: str) -> None:
        """Say once that there is a proxy. Strangers may write such headers as they like: they are no proxies of ours."""
        if not self.is_trusted(peer) and _is_near(peer):
            self.unknown = peer
            log.warning("proxy: not trusted, all its visitors count as one address", peer=peer, advice=ADVICE)


def _read(headers: Headers) -> tuple[list[str], bool, bool]:
    """The values of X-Forwarded-For; whether a proxy passed this on; whether it was asked for as something on this machine."""
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
    """Whether a peer is so near that it can be a proxy of this installation: this machine, or a private network."""
    try:
        return not ip_address(peer.partition("%")[0]).is_global
    except ValueError:
        return not peer
