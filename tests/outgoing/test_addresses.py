"""Which addresses a request for a user may reach."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from suhbat.outgoing.addresses import AllowedAddresses, is_public

PUBLIC = (
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a01:4f8::1",
    "64:ff9b::8.8.8.8",
)
NOT_PUBLIC = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
    *("168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1"),
    *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.2.3"),
    *("240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "100::1"),
    *("2001:db8::1", "3fff::1", "2001::1", "2001:10::1", "2001:20::1", "5f00::1", "4000::1", "2606:4700::1111%1"),
    # Forms of an IPv4 address: mapped, compatible, translated, NAT64, NAT64 of a network, 6to4, Teredo, ISATAP.
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "::ffff:0:10.0.0.1", "64:ff9b::127.0.0.1"),
    *("64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:808:808::1"),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2a01:4f8::5efe:127.0.0.1", "2a01:4f8::200:5efe:10.0.0.1"),
)


@pytest.mark.parametrize("text", PUBLIC)
def test_a_host_of_the_internet_is_public(text: str) -> None:
    """Addresses next to the special ranges are public, and so is a public one behind NAT64."""
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_every_special_address_is_refused(text: str) -> None:
    """Private, local, reserved and metadata addresses are not public, in no form in which an address can be written."""
    assert not is_public(ip_address(text))
    assert not AllowedAddresses().permits(ip_address(text), encrypted=True)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_reached_by_https_only(text: str) -> None:
    """http is refused where the network is not listed."""
    assert AllowedAddresses().permits(ip_address(text), encrypted=True)
    assert not AllowedAddresses().permits(ip_address(text), encrypted=False)


def test_listed_networks_are_reached_over_http_too() -> None:
    """`outgoing_allow` opens exactly what it lists, in its family and in the mapped form, which leads to the same host."""
    allowed = AllowedAddresses(["10.1.0.0/16", "fd00::/8"])
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1"):
        assert allowed.permits(ip_address(text), encrypted=False)
    for text in ("10.2.0.1", "::ffff:10.2.0.1", "::10.1.2.3", "64:ff9b::10.1.2.3", "fe80::1", "127.0.0.1"):
        assert not allowed.permits(ip_address(text), encrypted=True)
