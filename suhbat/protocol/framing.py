"""A server's text frames as bytes (RFC 6455 §5.2): FIN, opcode 1, no mask, the shortest length."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from struct import pack

WINDOW_BITS = 12
"""Of compressed messages (RFC 7692): 4 KB, so that nobody needs more to read them."""
WORTH_COMPRESSING = 100
"""Bytes; what is shorter gains nothing."""


def text_frames(payloads: Iterable[bytes]) -> bytes:
    """Unmasked text frames as one string of bytes, for one write. Each payload is valid UTF-8."""
    pieces: list[bytes] = []
    for payload in payloads:
        pieces += (_header(len(payload)), payload)
    return b"".join(pieces)


def compressed_frames(payloads: Iterable[bytes]) -> bytes:
    """The same by permessage-deflate (RFC 7692) without context takeover: the same bytes are right for every reader."""
    pieces: list[bytes] = []
    for payload in payloads:
        if len(payload) >= WORTH_COMPRESSING:
            deflate = zlib.compressobj(wbits=-WINDOW_BITS, memLevel=5)
            # An empty block ends what was flushed; RFC 7692 §7.2.1 takes its last four bytes away.
            packed = (deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
            if len(packed) < len(payload):
                pieces += (_header(len(packed), 0xC1), packed)
                continue
        pieces += (_header(len(payload)), payload)
    return b"".join(pieces)


def _header(length: int, first: int = 0x81) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return pack("!BBH", first, 126, length)
    return pack("!BBQ", first, 127, length)
