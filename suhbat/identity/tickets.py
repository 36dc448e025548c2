"""Single-use tickets: who somebody is, for 30 s, where no header can be sent (a browser's WebSocket).

A ticket travels in a URL, and URLs end up in logs and histories: so it is worthless after its first use.
"""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.ports import Clock
from suhbat.errors import Busy, Unauthenticated

from .login import Login
from .tokens import digest, random_token

TICKET_SECONDS = 30
MAX_TICKETS = 100_000
"""Tickets alive at once; above, `issue` is Busy."""


class Tickets:
    """The tickets of this process, hashed, in memory only: a restart voids them."""

    def __init__(self, clock: Clock, random_token: Callable[[], str] = random_token) -> None:
        self._clock = clock
        self._random_token = random_token
        self._alive: dict[bytes, tuple[Login, float]] = {}  # in order of issue, which is order of expiry

    def issue(self, login: Login) -> tuple[str, int]:
        """A ticket and when it expires, in milliseconds since 1970. Raises Busy when too many are alive."""
        self._drop_expired()
        if len(self._alive) >= MAX_TICKETS:
            raise Busy(retry_after=1.0, seconds=1)
        ticket = self._random_token()
        self._alive[digest(ticket)] = login, self._clock.steady() + TICKET_SECONDS
        return ticket, self._clock.wall() + TICKET_SECONDS * 1000

    def redeem(self, ticket: str) -> Login:
        """Whose ticket this is; it is used up by that. Raises Unauthenticated when unknown, used or expired."""
        login, expires_at = self._alive.pop(digest(ticket), (None, 0.0))
        if login is None or self._clock.steady() >= expires_at:
            raise Unauthenticated()
        return login

    def _drop_expired(self) -> None:
        now = self._clock.steady()
        while self._alive:
            oldest = next(iter(self._alive))
            if self._alive[oldest][1] > now:
                return
            del self._alive[oldest]
