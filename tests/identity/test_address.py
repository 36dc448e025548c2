"""Client addresses: only what a trusted proxy reports is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.identity.address import client_address, is_loopback, neighbourhood, networks

TRUSTED = networks(["10.0.0.0/8", "::1", "127.0.0.1"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("127.0.0.1", ["198.51.100.1:5000"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        (None, ["198.51.100.1"], ""),
        ("testclient", ["198.51.100.1"], "testclient"),
    ],
)
def test_the_client_is_the_first_from_the_right_who_is_not_trusted(
    peer: str | None, forwarded_for: list[str], address: str
) -> None:
    """Entries that the client wrote itself are to the left of those of our proxies, and are not reached."""
    assert client_address(peer, forwarded_for, TRUSTED) == address


def test_one_ipv6_customer_is_one_neighbourhood() -> None:
    """An IPv6 address counts as its /64, an IPv4 address as itself. Other text stays as it is."""
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("203.0.113.9") == "203.0.113.9"
    assert neighbourhood("") == ""


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback(address: str, local: bool) -> None:
    """This machine is recognised in all spellings."""
    assert is_loopback(address) is local


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3))
def test_nothing_makes_it_fail(peer: str, forwarded_for: list[str]) -> None:
    """Any header gives a result."""
    client_address(peer, forwarded_for, TRUSTED)
