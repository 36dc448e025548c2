"""Single-use tickets: who somebody is, for 30 s, where no header can be sent (a browser's WebSocket).

A ticket travels in a URL, and URLs end up in logs and histories: so it is worthless after its first use.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from secrets import token_urlsafe

from suhbat.chat.model import Actor
from suhbat.chat.ports import Clock
from suhbat.errors import Busy, Unauthenticated

TICKET_SECONDS = 30
MAX_TICKETS = 100_000
"""Tickets alive at once; above, `issue` is Busy."""


class Tickets:
    """The tickets of this process, hashed, in memory only: a restart voids them."""

    def __init__(self, clock: Clock, random_token: Callable[[], str] = lambda: token_urlsafe(32)) -> None:
        self._clock = clock
        self._random_token = random_token
        self._alive: dict[bytes, tuple[Actor, float]] = {}  # in order of issue, which is order of expiry

    def issue(self, actor: Actor) -> tuple[str, int]:
        """A ticket and when it expires, in milliseconds since 1970. Raises Busy when too many are alive."""
        self._drop_expired()
        if len(self._alive) >= MAX_TICKETS:
            raise Busy(retry_after=1.0, seconds=1)
        ticket = self._random_token()
        self._alive[_digest(ticket)] = actor, self._clock.steady() + TICKET_SECONDS
        return ticket, self._clock.wall() + TICKET_SECONDS * 1000

    def redeem(self, ticket: str) -> Actor:
        """Whose ticket this is; it is used up by that. Raises Unauthenticated when unknown, used or expired."""
        actor, expires_at = self._alive.pop(_digest(ticket), (None, 0.0))
        if actor is None or self._clock.steady() >= expires_at:
            raise Unauthenticated()
        return actor

    def _drop_expired(self) -> None:
        now = self._clock.steady()
        while self._alive:
            oldest = next(iter(self._alive))
            if self._alive[oldest][1] > now:
                return
            del self._alive[oldest]


def _digest(ticket: str) -> bytes:
    return sha256(ticket.encode(errors="replace")).digest()
