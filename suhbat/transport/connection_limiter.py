"""Limits open HTTP connections: how many one address may have, and how many file descriptors they may take together.

An open connection takes a file descriptor even when it sends nothing. The last descriptors are kept for the database, the
log and the files that are served: when none is left, `accept` itself fails.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable

from suhbat.errors import Busy, RateLimited, SuhbatError
from suhbat.identity.address import neighbourhood

RETRY_SECONDS = 30
"""The `Retry-After` of a connection that is turned away."""
SPARE = 32
"""HTTP connections that an address may have above `connections_per_address`. With them an address that already has all its
WebSockets still gets an answer that says so."""
SMALLEST, LARGEST = 16, 512
"""Bounds of the reserve of descriptors, which is a tenth of all."""


class ConnectionLimiter:
    """Counts the HTTP connections of each address (of each /64 in IPv6).

    `limit`: the setting connections_per_address, 0 for none. `sockets`: gives the number of WebSockets of an address.
    `is_trusted`: whether a peer is a proxy, whose connections belong to many clients and are not counted. `descriptors`:
    gives the number this process may open; None where the system does not tell.
    """

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
        """Count a connection that was accepted. Returns the error to refuse it with, or None.

        `peer` is None for a UNIX socket. Call `leave` once for every `enter`, with the same peer, also after a refusal.
        """
        if peer is None:
            counted = 0
        else:
            address = neighbourhood(peer)
            self._open[address] += 1
            counted = 0 if self._is_trusted(peer) else self._open[address] + self._sockets(address)
        most = self._descriptors()
        # The system gives out the lowest free descriptor, so this number says how many are in use.
        if most is not None and descriptor >= most - min(LARGEST, max(SMALLEST, most // 10)):
            return Busy(retry_after=RETRY_SECONDS, seconds=RETRY_SECONDS)
        if self._limit and counted > self._limit + SPARE:
            return RateLimited("rate_limited.connections", retry_after=RETRY_SECONDS, seconds=RETRY_SECONDS)
        return None

    def leave(self, peer: str | None) -> None:
        """The connection is closed, or has become a WebSocket, which `Admission` counts."""
        if peer is None:
            return
        address = neighbourhood(peer)
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


def descriptors() -> int | None:
    """The number of descriptors this process may open; None where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most if most > 0 else None
