"""The HTTP request that became a WebSocket, and the tokens that may come with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from suhbat.identity.cookie import token_in
from suhbat.texts import Language, choose

QUERY_FIELDS = 20
"""A query string with more fields than this is ignored."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An accepted WebSocket request. Header names are lower case; of a repeated header the last value counts.

    `address`: the client's address, found behind trusted proxies.
    """

    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    address: str

    @property
    def language(self) -> Language:
        return choose(self.headers.get("accept-language", ""), self.query.get("lang"))

    @property
    def token(self) -> str | None:
        """`Authorization: Bearer`, or the session cookie (RFC 6750, RFC 6265). Tokens never travel in the URL."""
        return self.bearer or self.cookie

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header. A client sends it on purpose, unlike the cookie."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    @property
    def cookie(self) -> str | None:
        """The token of the session cookie, which a browser sends with every request."""
        return token_in(self.headers.get("cookie", ""))


def parse_query(query: bytes) -> dict[str, str]:
    """The last value of each name in a query string; {} if there are more than QUERY_FIELDS fields."""
    if query.count(b"&") >= QUERY_FIELDS:
        return {}
    return {name: values[-1] for name, values in parse_qs(query.decode("latin-1")).items()}
