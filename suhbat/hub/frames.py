"""Frames encoded once for many connections."""

from __future__ import annotations

from functools import cached_property

from suhbat.protocol.framing import compressed_frames, text_frames


class Frames:
    """Some JSON payloads that a group of connections gets in one write.

    A wire that writes to its socket takes `encoded` or `compressed`: RFC 6455 frames, joined once for all connections.
    A wire behind an ASGI server takes the `payloads` one by one. `size` is the number of payload bytes.
    """

    def __init__(self, payloads: list[bytes]) -> None:
        self.payloads = payloads

    @cached_property
    def encoded(self) -> bytes:
        return text_frames(self.payloads)

    @cached_property
    def compressed(self) -> bytes:
        """The frames for connections that negotiated permessage-deflate (RFC 7692)."""
        return compressed_frames(self.payloads)

    @cached_property
    def size(self) -> int:
        return sum(map(len, self.payloads))
