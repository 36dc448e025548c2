"""The addresses that users give are read in one way, or refused."""

from __future__ import annotations

import pytest

from suhbat.outgoing.errors import AddressRefused
from suhbat.outgoing.targets import parse_target


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://Push.Example.org", "push.example.org", "/"),
        ("https://push.example.org:443/a?b=c#d", "push.example.org", "/a?b=c"),
        ("http://10.0.0.1:80/", "10.0.0.1", "/"),
        ("https://[2001:DB8::1]:8443/x", "[2001:db8::1]:8443", "/x"),
        ("https://пример.рф/ё", "xn--e1afmkfd.xn--p1ai", "/%D1%91"),
        ("https://１２７.0.0.1.example/", "127.0.0.1.example", "/"),
        ("https://a_b.example./", "a_b.example.", "/"),
    ],
)
def test_an_address_is_split(url: str, authority: str, path: str) -> None:
    """The scheme decides the port, hosts are in lower case and in ASCII, a fragment is not sent."""
    target = parse_target(url)
    assert (target.authority, target.path) == (authority, path)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "//example.org/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https:///path",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://@example.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://exa mple.org/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/\r\nX: y",
        "https://example.org/\t",
        "https://example.org/\x00",
        "https://[::1/",
        "https://[127.0.0.1]/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://１２７.1/",
        "https://-a.example/",
        "https://a..example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://%31.example/",
        "https://example.org/" + "a" * 5000,
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(url: str) -> None:
    """Nothing with credentials, control characters, other schemes, or a host that systems read differently."""
    with pytest.raises(AddressRefused):
        parse_target(url)


def test_the_path_is_not_shown() -> None:
    """The path of a webhook and of a push endpoint is a secret: neither `repr` nor `origin` has it."""
    target = parse_target("https://example.org/secret?token=secret")
    assert "secret" not in repr(target) + target.origin


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b?c", "https://example.org/b?c"),
        ("c", "https://example.org/a/c"),
        ("//other.example/x", "https://other.example/x"),
        ("http://127.0.0.1/", "http://127.0.0.1/"),
    ],
)
def test_a_redirect_is_read_as_an_address(location: str, url: str) -> None:
    """A location is relative to where it was found."""
    assert parse_target("https://example.org/a/b").redirected(location).url == url


@pytest.mark.parametrize("location", ["file:///etc/passwd", "https://a@b/", "https://[::1/", "gopher://x/"])
def test_a_redirect_to_something_else_is_refused(location: str) -> None:
    """A redirect is checked like the first address."""
    with pytest.raises(AddressRefused):
        parse_target("https://example.org/").redirected(location)
