"""Addresses of servers."""

from __future__ import annotations

import pytest

from suhbat.client import Suhbat
from suhbat.client.web import Address


@pytest.mark.parametrize(
    ("url", "http", "socket"),
    [
        ("http://localhost:8000", "http://localhost:8000/api/v1", "ws://localhost:8000/api/v1/ws"),
        ("ws://localhost:8000/", "http://localhost:8000/api/v1", "ws://localhost:8000/api/v1/ws"),
        ("https://a.uz/chat/", "https://a.uz/chat/api/v1", "wss://a.uz/chat/api/v1/ws"),
        ("wss://[::1]:1", "https://[::1]:1/api/v1", "wss://[::1]:1/api/v1/ws"),
    ],
)
def test_addresses(url: str, http: str, socket: str) -> None:
    """An address may have any of the four schemes, with a root path or without."""
    assert Address.of(url) == Address(http, socket)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://a.uz", "file:///etc/passwd", "http://", ""])
def test_no_address(url: str) -> None:
    """Anything else raises ValueError with an example."""
    with pytest.raises(ValueError, match="http://localhost:8000"):
        Suhbat(url, token="t")


def test_one_identity() -> None:
    """Giving neither a token nor a name, or both, raises ValueError."""
    with pytest.raises(ValueError, match="who you are"):
        Suhbat("http://a.uz")
    with pytest.raises(ValueError, match="not both"):
        Suhbat("http://a.uz", token="t", name="n")
