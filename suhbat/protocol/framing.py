"""Encodes the text frames of a server (RFC 6455 §5.2): FIN, opcode 1, no mask, the shortest length."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from struct import Struct

WINDOW_BITS = 12
"""The window of compressed messages (RFC 7692): 4 KB, so that a client needs no larger one."""
WORTH_COMPRESSING = 100
"""Bytes. A shorter message is not compressed."""
_SHORT, _LONG = Struct("!BBH"), Struct("!BBQ")


def text_frames(payloads: Iterable[bytes]) -> bytes:
    """The frames of these payloads (valid UTF-8), joined for one write."""
    pieces: list[bytes] = []
    for payload in payloads:
        pieces += (_header(len(payload)), payload)
    return b"".join(pieces)


def compressed_frames(payloads: Iterable[bytes]) -> bytes:
    """The same with permessage-deflate (RFC 7692). There is no context takeover, so the bytes are the same for every reader."""
    pieces: list[bytes] = []
    for payload in payloads:
        if len(payload) >= WORTH_COMPRESSING:
            deflate = zlib.compressobj(wbits=-WINDOW_BITS, memLevel=5)
            # The flush ends with an empty block, whose last four bytes are removed (RFC 7692 §7.2.1).
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
        return _SHORT.pack(first, 126, length)
    return _LONG.pack(first, 127, length)
