"""permessage-deflate as a client does it (RFC 7692 §7.2), without context takeover on either side."""

from __future__ import annotations

import zlib

COMPRESSED = 4
"""RSV1, as one of three reserved bits."""
TAIL = b"\0\0\xff\xff"
"""The end of every sync flush, which is not sent."""
LITTLE = 256


def deflated(payload: bytes, bits: int = 15, *, level: int = -1, whole: bool = True) -> bytes:
    """The payload of a compressed message; with `whole` false, the beginning of one, to be continued."""
    deflate = zlib.compressobj(level, wbits=-max(bits, 9))  # zlib has no window of 8 bits here
    data = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(TAIL) if whole else data


def inflated(data: bytes, bits: int) -> bytes:
    """Decompress a message. It is done in small pieces, because zlib drops data outside of the window only between two calls,
    and a reference to dropped data must be an error. Raises zlib.error."""
    inflate = zlib.decompressobj(-bits)
    rest = data + TAIL
    pieces: list[bytes] = []
    while rest:
        pieces.append(inflate.decompress(rest, LITTLE))
        rest = inflate.unconsumed_tail
    return b"".join([*pieces, inflate.flush()])
