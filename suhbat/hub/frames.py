"""Frames encoded once for many connections."""

from __future__ import annotations

from collections.abc import Sequence

from suhbat.protocol.framing import compressed_frames, text_frames


class Frames:
    """Some JSON payloads that a group of connections gets in one write.

    A wire that writes to its socket takes `encoded` or `compressed`: RFC 6455 frames, joined once for all connections.
    A wire behind an ASGI server takes the `payloads` one by one. `size` is the number of payload bytes.
    """

    __slots__ = ("_compressed", "_encoded", "_parts", "payloads", "size")

    def __init__(self, payloads: list[bytes]) -> None:
        self.payloads = payloads
        self.size = sum(map(len, payloads))
        self._encoded: bytes | None = None
        self._compressed: bytes | None = None
        self._parts: Sequence[Frames] | None = None

    @classmethod
    def joined(cls, parts: Sequence[Frames]) -> Frames:
        """Several as one. What has been encoded for a part is not encoded again."""
        made = cls([payload for part in parts for payload in part.payloads])
        made._parts = parts
        return made

    @property
    def encoded(self) -> bytes:
        if self._encoded is None:
            parts = self._parts
            self._encoded = text_frames(self.payloads) if parts is None else b"".join([one.encoded for one in parts])
        return self._encoded

    @property
    def compressed(self) -> bytes:
        """The frames for connections that negotiated permessage-deflate (RFC 7692)."""
        if self._compressed is None:
            parts = self._parts
            self._compressed = (
                compressed_frames(self.payloads) if parts is None else b"".join([one.compressed for one in parts])
            )
        return self._compressed
