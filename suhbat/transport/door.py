"""Connections before they have asked for anything: how many of one address, and whether there are descriptors for them.

An open connection costs a file descriptor, whether it asks for something or not. The last descriptors are not for connections:
the database, the log and the files that are served need some, and where there are none `accept` fails.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable

from suhbat.errors import Busy, RateLimited, SuhbatError
from suhbat.identity.address import neighbourhood

AGAIN_SECONDS = 30
"""When whoever is turned away may come again."""
SPARE = 32
"""Connections above `connections_per_address` that may ask for something: who has as many WebSockets as they may is told so
when they ask for another one."""
SMALLEST, LARGEST = 16, 512
"""Descriptors in reserve: a tenth of all, within these bounds."""


class Door:
    """Counts the HTTP connections of each address. `limit`: the setting connections_per_address; `sockets`: how many WebSockets
    an address has; `is_trusted`: whether this is a proxy, whose connections are those of many; `descriptors`: as many as this
    process may have open, None where nobody knows."""

    def __init__(
        self,
        limit: int,
        sockets: Callable[[str], int],
        is_trusted: Callable[[str], bool],
        descriptors: Callable[[], int | None],
    ) -> None:
        self._limit = limit
        self._sockets = sockets
        self._is_trusted = is_trusted
        self._descriptors = descriptors
        self._open: Counter[str] = Counter()

    def enter(self, peer: str | None, descriptor: int) -> SuhbatError | None:
        """A connection was accepted. The refusal, after which it is to be closed; every `enter` is followed by one `leave` with
        the same peer."""
        if peer is None:
            counted = 0
        else:
            self._open[self._key(peer)] += 1
            counted = 0 if self._is_trusted(peer) else self._open[self._key(peer)] + self._sockets(self._key(peer))
        most = self._descriptors()
        # Numbers of descriptors are given out from below: this one says how many there are.
        if most is not None and descriptor >= most - min(LARGEST, max(SMALLEST, most // 10)):
            return Busy(retry_after=AGAIN_SECONDS, seconds=AGAIN_SECONDS)
        if self._limit and counted > self._limit + SPARE:
            return RateLimited("rate_limited.connections", retry_after=AGAIN_SECONDS, seconds=AGAIN_SECONDS)
        return None

    def leave(self, peer: str | None) -> None:
        """It is gone, or has become a WebSocket."""
        if peer is None:
            return
        key = self._key(peer)
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def _key(self, peer: str) -> str:
        return neighbourhood(peer)


def descriptors() -> int | None:
    """How many this process may have open; None where the system does not say (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most if most > 0 else None
