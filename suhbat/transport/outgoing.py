"""The outgoing direction of a connection, as its incoming direction uses it."""

from __future__ import annotations

from typing import Protocol

from suhbat.protocol.closes import Close


class Outgoing(Protocol):
    """Implemented by `stream_wire.StreamWire`; see also `hub.connection.Wire`."""

    congested: bool
    closed: bool

    def unsent(self) -> int: ...
    def close(self, code: Close, reason: str = "") -> None: ...
    def abort(self) -> None: ...

    def ponged(self, payload: bytes) -> None:
        """A pong with this payload arrived."""
        ...

    def respond(self) -> None:
        """Write what the parser has to send: pongs, the answer to a close, the end of the connection."""
        ...

    def end(self) -> None:
        """The peer has closed, or has violated the protocol: write nothing more, and close."""
        ...


class NoOutgoing:
    """Replaces the outgoing direction of a lost connection. Does nothing."""

    congested, closed = False, True

    def unsent(self) -> int:
        return 0

    def close(self, code: Close, reason: str = "") -> None: ...
    def abort(self) -> None: ...
    def ponged(self, payload: bytes) -> None: ...
    def respond(self) -> None: ...
    def end(self) -> None: ...


NO_OUTGOING = NoOutgoing()
