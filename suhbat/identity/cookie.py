"""The session token in a `Cookie` header (RFC 6265), for HTTP and for sockets."""

from __future__ import annotations

NAME = "suhbat_session"


def token_in(header: str) -> str | None:
    """The token, if the header has one. Anything else in the header is ignored, also if it is malformed.

    Not by http.cookies: its time grows with the square of the backslashes up to Python 3.11.9 (CVE-2024-7592).
    """
    cookies = (pair.partition("=") for pair in header.split(";"))
    return {name.strip(): value.strip(' "') for name, _, value in cookies}.get(NAME) or None
