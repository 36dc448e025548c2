"""A server's text frames as bytes (RFC 6455 §5.2): FIN, opcode 1, no mask, the shortest length."""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack


def text_frame(payload: bytes) -> bytes:
    """One unmasked text frame; `payload` is valid UTF-8."""
    return _header(len(payload)) + payload


def text_frames(payloads: Iterable[bytes]) -> bytes:
    """Many frames as one string of bytes, so that they can go out in one write."""
    pieces: list[bytes] = []
    for payload in payloads:
        pieces += (_header(len(payload)), payload)
    return b"".join(pieces)


def _header(length: int) -> bytes:
    if length < 126:
        return bytes((0x81, length))
    if length < 65_536:
        return pack("!BBH", 0x81, 126, length)
    return pack("!BBQ", 0x81, 127, length)
