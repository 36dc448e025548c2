"""Which IP addresses a request for a user may reach: public ones, and those of the setting `outgoing_allow`.

The tables follow the IANA registries of special-purpose addresses (RFC 6890). They are written out here because
`ipaddress.is_global` differs between the versions of Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of Alibaba
        "127.0.0.0/8",
        "168.63.129.16/32",  # the metadata service of Azure: by its number it is public
        "169.254.0.0/16",  # link-local, and the metadata services of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and the metadata service of Oracle
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_UNICAST_6 = IPv6Network("2000::/3")
"""The only part of IPv6 that is assigned to public hosts. Outside are loopback, unique local, link-local and multicast
addresses, and most forms of IPv4 addresses (mapped, compatible, translated)."""
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, with Teredo and ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address stands in it
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052. Hosts without IPv4 reach all of IPv4 by it, so the IPv4 address inside decides."""
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""RFC 5214: with this before its last 32 bits, an address of any prefix stands for the IPv4 address in those."""


LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


def is_loopback_name(host: str) -> bool:
    """Whether a name means this machine, whatever a resolver says (RFC 6761)."""
    name = host.rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


class AllowedAddresses:
    """`allow`: networks that may be reached although they are not public, then also over http; the CIDR notation."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(text, strict=False) for text in allow)

    @property
    def some(self) -> bool:
        """Whether there are such networks."""
        return bool(self._networks)

    def permits(self, address: Address, *, encrypted: bool) -> bool:
        """Whether an address may be reached, `encrypted` (https) or not."""
        plain = _without_mapping(address)
        if any(plain in network for network in self._networks if network.version == plain.version):
            return True
        return encrypted and is_public(address)


def is_public(address: Address) -> bool:
    """Whether an address belongs to a host of the Internet, in the plain form of its family."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None:
        return False
    number = int(address)
    if address in _NAT64:
        return is_public(IPv4Address(number & 0xFFFFFFFF))
    if address not in _UNICAST_6 or any(address in network for network in _NOT_PUBLIC_6):
        return False
    return (number >> 32) & 0xFFFFFFFF not in _ISATAP


def _without_mapping(address: Address) -> Address:
    # The allowed 127.0.0.0/8 allows ::ffff:127.0.0.1, too: the system connects both to the same host.
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
