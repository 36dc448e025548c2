"""Keepalive: pings silent peers (RFC 6455 §5.5.2) and aborts those that do not answer. One timer for all connections."""

from __future__ import annotations

import asyncio
from typing import Protocol

TURNS = 10
TURN_SECONDS = 1.0
"""Each connection is checked once in TURNS turns. So a peer that has gone is noticed within 30 s (G7 allows 35 s)."""


class Peer(Protocol):
    heard: bool
    """The connection sets it to True when bytes arrive; the keepalive sets it to False."""
    pinged: bool
    """Whether a ping was sent since the last bytes arrived."""

    def ping(self) -> None: ...
    def abort(self) -> None: ...


class Keepalive:
    """Checks a tenth of the connections each second, so that the pings of ten thousand connections are spread out."""

    def __init__(self) -> None:
        self._turns: list[set[Peer]] = [set() for _ in range(TURNS)]
        self._turn_of: dict[Peer, int] = {}
        self._next = 0
        self._now = 0
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, peer: Peer) -> None:
        """Check this connection in one of the turns, until `forget`."""
        self._next = (self._next + 1) % TURNS
        self._turns[self._next].add(peer)
        self._turn_of[peer] = self._next
        self._schedule()

    def forget(self, peer: Peer) -> None:
        """Stop checking a connection. Idempotent."""
        turn = self._turn_of.pop(peer, None)
        if turn is not None:
            self._turns[turn].discard(peer)

    def _schedule(self) -> None:
        if self._timer is None and self._turn_of:
            self._timer = asyncio.get_running_loop().call_later(TURN_SECONDS, self._turn)

    def _turn(self) -> None:
        self._timer = None
        self._now = (self._now + 1) % TURNS
        for peer in list(self._turns[self._now]):
            if peer.heard:
                peer.heard = peer.pinged = False
            elif peer.pinged:
                peer.abort()
            else:
                peer.pinged = True
                peer.ping()
        self._schedule()
