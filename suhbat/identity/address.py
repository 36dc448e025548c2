"""Where a request really comes from, when proxies stand before this server.

X-Forwarded-For is written by anybody: only what a trusted proxy appended may be believed. So it is read from the right,
as long as the one who spoke is trusted (`trusted_proxies`); the first who isn't is the client.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(cidrs: Iterable[str]) -> tuple[Network, ...]:
    """The networks that these CIDRs or addresses name. Raises ValueError on what is neither."""
    return tuple(ip_network(cidr.strip(), strict=False) for cidr in cidrs)


def client_address(peer: str | None, forwarded_for: Iterable[str], trusted: Collection[Network]) -> str:
    """The client's address as text, "" if there is none (a UNIX socket).

    `peer`: the other end of the connection. `forwarded_for`: the values of the X-Forwarded-For headers, in the order
    they came. With an entry that is no address the walk ends at whom it was told by.
    """
    current = _parse(peer or "")
    if current is None:
        return peer or ""
    entries = [entry for value in forwarded_for for entry in value.split(",")]
    while entries and _is_trusted(current, trusted):
        before = _parse(entries.pop())
        if before is None:
            break
        current = before
    return str(current)


def neighbourhood(address: str) -> str:
    """What limits per address count by: an IPv4 address, or the /64 that one IPv6 customer has (RFC 6177)."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return address


def is_loopback(address: str) -> bool:
    """Whether this address is the machine itself."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


def metered(address: str) -> str:
    """The same for rates, where the machine itself, and a peer without an address, do not count: ""."""
    return "" if is_loopback(address) else address


def _is_trusted(address: Address, trusted: Collection[Network]) -> bool:
    return any(address in network for network in trusted)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    """An address, with or without a port or brackets; IPv4 inside IPv6 is IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
