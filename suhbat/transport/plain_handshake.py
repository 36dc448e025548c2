"""The usual WebSocket handshake (RFC 6455 §4.2), accepted without the parser of `websockets`, which takes most of the time of
a connect.

It only accepts. A request in which anything is unusual is left to `websockets`, which accepts it or explains the refusal.
"""

from __future__ import annotations

import re
from base64 import b64encode
from email.utils import formatdate
from functools import lru_cache
from hashlib import sha1
from typing import NamedTuple

_REQUEST = re.compile(rb"GET ([!-~]+) HTTP/1\.1\r\n((?:[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t -~]*\r\n)+)\r\n")
"""A request line, and headers of printable ASCII."""
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
_PROTOCOLS = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+(, ?[-!#$%&'*+.^_`|~0-9A-Za-z]+)*")
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LARGEST = 8_000
"""Bytes of a request, at most."""
MOST_HEADERS = 100
_ONCE = frozenset(
    ("upgrade", "connection", "origin", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol")
)
"""Headers that must not be repeated."""
_UNUSUAL = ("transfer-encoding", "content-length", "sec-websocket-extensions")


class PlainHandshake(NamedTuple):
    """An accepted request. `target`: with the query. `headers`: in order, with names as they came. `accept`: the value of
    Sec-WebSocket-Accept."""

    target: str
    headers: list[tuple[str, str]]
    accept: str

    def response(self, now: float, subprotocol: str | None) -> bytes:
        """The response with status 101. `now`: seconds since 1970."""
        chosen = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        return (
            f"HTTP/1.1 101 Switching Protocols\r\nDate: {_date(int(now))}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {self.accept}\r\n{chosen}\r\n"
        ).encode()


def plain_handshake(data: bytes, *, extensions: bool) -> PlainHandshake | None:
    """Accept a whole request; None if `websockets` must decide. `extensions`: whether an offered one may be accepted."""
    found = None if len(data) > LARGEST else _REQUEST.fullmatch(data)
    if found is None:
        return None
    headers: list[tuple[str, str]] = []
    values: dict[str, str] = {}
    for line in found[2].decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        value, lower = value.strip(" \t"), name.lower()
        if lower in values and lower in _ONCE:
            return None
        values[lower] = value
        headers.append((name, value))
    if len(headers) > MOST_HEADERS or any(name in values for name in (_UNUSUAL if extensions else _UNUSUAL[:2])):
        return None
    key = values.get("sec-websocket-key", "")
    if (
        values.get("sec-websocket-version") != "13"
        or values.get("upgrade", "").lower() != "websocket"
        or values.get("connection", "").lower() not in ("upgrade", "keep-alive, upgrade")
        or not _KEY.fullmatch(key)
        or not _PROTOCOLS.fullmatch(values.get("sec-websocket-protocol", "none"))
    ):
        return None
    accept = b64encode(sha1(key.encode() + _MAGIC, usedforsecurity=False).digest()).decode()
    return PlainHandshake(found[1].decode("ascii"), headers, accept)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
