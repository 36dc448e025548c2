"""Which peers are still there: one timer for all connections, a ping only for who is silent (RFC 6455 §5.5.2)."""

from __future__ import annotations

import asyncio
from typing import Protocol

TURNS = 10
TURN_SECONDS = 1.0
"""Every connection is looked at once in ten turns: a peer that is just gone is noticed within 30 s (G7 allows 35)."""


class Peer(Protocol):
    heard: bool
    """Whether anything came since this was last set to False."""
    pinged: bool

    def ping(self) -> None: ...
    def abort(self) -> None: ...


class Keepalive:
    """Looks at a tenth of the connections each second, so that ten thousand do not get their pings at once."""

    def __init__(self) -> None:
        self._turns: list[set[Peer]] = [set() for _ in range(TURNS)]
        self._place: dict[Peer, int] = {}
        self._next = 0
        self._now = 0
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, peer: Peer) -> None:
        self._next = (self._next + 1) % TURNS
        self._turns[self._next].add(peer)
        self._place[peer] = self._next
        self._schedule()

    def forget(self, peer: Peer) -> None:
        """Idempotent."""
        place = self._place.pop(peer, None)
        if place is not None:
            self._turns[place].discard(peer)

    def _schedule(self) -> None:
        if self._timer is None and self._place:
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
