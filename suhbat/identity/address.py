"""The client address of a request that came through proxies.

Anybody can write X-Forwarded-For; only an entry that a trusted proxy appended is reliable. So it is read from the right while
the address that reported an entry is trusted (`trusted_proxies`). The first untrusted address is the client.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(cidrs: Iterable[str]) -> tuple[Network, ...]:
    """The networks of these CIDRs or addresses. Raises ValueError for an invalid one."""
    return tuple(ip_network(cidr.strip(), strict=False) for cidr in cidrs)


def client_address(peer: str | None, forwarded_for: Iterable[str], trusted: Collection[Network]) -> str:
    """The client's address as text, "" if there is none (a UNIX socket).

    `peer`: the other end of the connection. `forwarded_for`: the values of the X-Forwarded-For headers, in order. If an
    entry is not an address, the client is the proxy that reported it.
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
    """The unit of limits per address: an IPv4 address, or the /64 network of an IPv6 customer (RFC 6177)."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return address


def is_loopback(address: str) -> bool:
    """Whether this address is the machine itself."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


def metered(address: str) -> str:
    """The address for rate limits: "" for this machine and for a peer without an address, which are not limited."""
    return "" if is_loopback(address) else address


def _is_trusted(address: Address, trusted: Collection[Network]) -> bool:
    return any(address in network for network in trusted)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    """An address, with or without a port or brackets. IPv4-mapped IPv6 is IPv4."""
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
