"""Frames encoded once for many connections."""

from __future__ import annotations

from functools import cached_property

from suhbat.protocol.framing import compressed_frames, text_frames


class Frames:
    """What one turn of the loop has for a group of connections: JSON payloads, and the same as one string of bytes.

    A wire that may write to its socket takes `encoded` (RFC 6455 frames, joined once however many read it); one behind
    an ASGI server takes the `payloads` one by one.
    """

    def __init__(self, payloads: list[bytes]) -> None:
        self.payloads = payloads

    @cached_property
    def encoded(self) -> bytes:
        return text_frames(self.payloads)

    @cached_property
    def compressed(self) -> bytes:
        """The same for those who negotiated permessage-deflate."""
        return compressed_frames(self.payloads)

    @cached_property
    def size(self) -> int:
        return sum(map(len, self.payloads))
