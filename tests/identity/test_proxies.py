"""A client behind a proxy is not on this machine, and reports of untrusted proxies are not believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.identity.address import metered
from suhbat.identity.proxies import PROXY, Proxies

HERE = ("Host", "localhost:8000")
PUBLIC = ("Host", "chat.example.org")
PASSED_ON = [
    ("Forwarded", "for=198.51.100.1"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Forwarded-For", ""),
    ("x-forwarded-proto", "https"),
    ("X-Forwarded-Host", "chat.example.org"),
    ("X-Real-IP", "198.51.100.1"),
    ("Via", "1.1 caddy"),
]


@pytest.mark.parametrize("header", PASSED_ON)
@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "127.9.9.9", "::ffff:127.0.0.1", None])
def test_who_comes_through_a_proxy_is_not_this_machine(header: tuple[str, str], peer: str | None) -> None:
    """Visitors of an untrusted proxy are limited together, as one address, and have no privilege of this machine."""
    proxies = Proxies()
    assert proxies.address(peer, [HERE, header]) == PROXY
    assert metered(PROXY) == PROXY, "it is not exempt"
    assert not proxies.is_local(peer, [HERE, header])
    assert proxies.unknown == (peer or "")


@pytest.mark.parametrize("host", [PUBLIC, ("Host", "chat"), ("Host", "[::1"), ("Host", ""), ("X-Other", "1")])
def test_a_proxy_that_adds_nothing_shows_by_the_host(host: tuple[str, str]) -> None:
    """A request whose Host is not a name of this machine did not come from this machine."""
    proxies = Proxies()
    assert proxies.address("127.0.0.1", [host]) == PROXY
    assert not proxies.is_local("127.0.0.1", [host])
    assert proxies.unknown == "127.0.0.1"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machine_itself(host: str) -> None:
    """This machine is not limited, and no proxy was seen."""
    proxies = Proxies()
    assert metered(proxies.address("127.0.0.1", [("Host", host)])) == ""
    assert proxies.is_local("127.0.0.1", [("Host", host)])
    assert proxies.unknown is None


def test_a_trusted_proxy_is_believed() -> None:
    """Visitors of a trusted proxy have their own addresses, and nothing is logged. If it reports this machine, or nothing, the
    client is a visitor all the same."""
    proxies = Proxies(["127.0.0.1", "::1"])
    assert proxies.address("127.0.0.1", [PUBLIC, ("X-Forwarded-For", "198.51.100.7")]) == "198.51.100.7"
    assert proxies.address("127.0.0.1", [PUBLIC, ("X-Forwarded-For", "127.0.0.1")]) == PROXY
    assert proxies.address("::1", [PUBLIC, ("Via", "1.1 caddy")]) == PROXY
    assert proxies.unknown is None
    assert proxies.is_trusted("127.0.0.1") and not proxies.is_trusted("10.0.0.1")


def test_headers_of_strangers_say_nothing() -> None:
    """A public address that writes such headers is not a proxy of ours and keeps its address. One in a private network may be
    one, and is logged once."""
    proxies = Proxies()
    header = ("X-Forwarded-For", "198.51.100.7")
    assert proxies.address("8.8.8.8", [PUBLIC, header]) == "8.8.8.8"
    assert proxies.unknown is None
    assert proxies.address("172.17.0.1", [PUBLIC, header]) == "172.17.0.1"
    assert proxies.unknown == "172.17.0.1"
    proxies.address("127.0.0.1", [HERE, header])
    assert proxies.unknown == "172.17.0.1"


@given(
    st.text(max_size=60), st.lists(st.tuples(st.sampled_from(["Host", "Via", "X-Forwarded-For"]), st.text(max_size=60)))
)
def test_nothing_makes_it_fail(peer: str, headers: list[tuple[str, str]]) -> None:
    """Any header gives a result."""
    Proxies(["10.0.0.0/8"]).address(peer, headers)
