"""Origins: pages of this server and listed origins are allowed, all others are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.identity.origin import allowed

PUBLIC = "https://chat.example.org"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "chat.example.org"),
        (None, None),
        ("http://localhost:8000", "localhost:8000"),
        ("HTTP://LOCALHOST:8000", "LocalHost:8000"),
        ("http://localhost", "localhost:80"),
        ("http://localhost:80", "localhost"),
        ("https://localhost", "localhost:443"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://192.168.1.7:8000", "192.168.1.7:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://[0:0:0:0:0:0:0:1]:8000", "[::1]:8000"),
        ("http://raspberrypi:8000", "raspberrypi:8000"),
        ("http://printer.local", "printer.local"),
        ("https://chat.example.org", "chat.example.org"),
        ("https://chat.example.org", "chat.example.org:443"),
        ("https://app.example.com", "chat.example.org"),
        ("https://app.example.com:443", "anything.example"),
        ("https://APP.example.com", None),
    ],
)
def test_allowed(origin: str | None, host: str | None) -> None:
    """A request without Origin, our own origin in any spelling, and a listed origin are allowed."""
    assert allowed(origin, host, ["https://app.example.com"], PUBLIC)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "localhost:8000"),
        ("", "localhost:8000"),
        ("http://localhost:8000", None),
        ("http://localhost:8000", ""),
        ("http://localhost:8001", "localhost:8000"),
        ("https://localhost", "localhost:80"),
        ("http://evil.example", "localhost:8000"),
        ("http://localhost.evil.example:8000", "localhost:8000"),
        ("http://evil-localhost:8000", "localhost:8000"),
        ("http://localhost:8000.evil.example", "localhost:8000"),
        ("http://localhost:8000@evil.example", "localhost:8000"),
        ("http://user@localhost:8000", "localhost:8000"),
        ("http://localhost:8000/", "localhost:8000"),
        ("http://localhost:8000 ", "localhost:8000"),
        ("http://localhost:8000\n", "localhost:8000"),
        ("file://localhost:8000", "localhost:8000"),
        ("localhost:8000", "localhost:8000"),
        ("http://127.0.0.1:8000", "localhost:8000"),
        ("http://evil.example:8000", "evil.example:8000"),
        ("http://evil.example", "evil.example"),
        ("http://chat.example.org.evil.example", "chat.example.org.evil.example"),
        ("http://xchat.example.org", "xchat.example.org"),
        ("http://app.example.com", "chat.example.org"),
        ("https://app.example.com:8443", "chat.example.org"),
        ("https://sub.app.example.com", "chat.example.org"),
        ("http://localhosŧ:8000", "localhost:8000"),
        ("http://localhost:8000, http://evil.example", "localhost:8000"),
    ],
)
def test_refused(origin: str, host: str | None) -> None:
    """Foreign pages, `null`, look-alikes, other ports, and names whose DNS somebody else controls are refused."""
    assert not allowed(origin, host, ["https://app.example.com"], PUBLIC)


def test_without_a_public_url_a_name_with_dots_is_not_ours() -> None:
    """Otherwise a page that rebinds its name to this machine would be allowed."""
    assert not allowed("http://chat.example.org", "chat.example.org", [], None)
    assert not allowed("null", "chat.example.org", ["null"], None)


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_makes_it_fail(origin: str, host: str) -> None:
    """Any header gives a result, and a text that is not an origin is refused."""
    answer = allowed(origin, host, [], None)
    assert answer is False or origin.lower().startswith(("http://", "https://"))


@pytest.mark.parametrize("host", ["chat.example.org", "chat.example.org:80", "CHAT.example.org"])
def test_an_unencrypted_page_of_the_same_host(host: str) -> None:
    """If the public address is https, a page over http is refused: it may have been changed on the way."""
    assert not allowed("http://chat.example.org", host, [], PUBLIC)
    assert allowed("http://chat.example.org", host, [], "http://chat.example.org")
    assert allowed("http://chat.example.org", host, ["http://chat.example.org"], PUBLIC), "the owner listed it"
    assert allowed("http://127.0.0.1:8000", "127.0.0.1:8000", [], PUBLIC), "another host: this machine itself"


def test_a_literal_as_the_public_address() -> None:
    """The same for an IPv6 literal in any spelling, and for a name without dots."""
    assert not allowed("http://[::1]:443", "[0:0:0:0:0:0:0:1]:443", [], "https://[::1]")
    assert not allowed("http://raspberrypi:8443", "raspberrypi:8443", [], "https://raspberrypi:8443")
