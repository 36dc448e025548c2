"""Single-use tickets: who somebody is, for 30 s, where no header can be sent (a browser's WebSocket).

A ticket travels in a URL, and URLs end up in logs and histories: so it is worthless after its first use.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from suhbat.chat.ports import Clock, Passes
from suhbat.errors import Busy, Unauthenticated

from .login import Login
from .tokens import digest, random_token
from .user_directory import UserDirectory

TICKET_SECONDS = 30
MAX_TICKETS = 100_000
"""Tickets alive at once; above, `issue` is Busy."""


class Tickets:
    """The tickets of this process, hashed, in memory only: a restart voids them. With `passes` they are good on every node
    that shares those; `people` then knows whose they are."""

    def __init__(
        self,
        clock: Clock,
        random_token: Callable[[], str] = random_token,
        *,
        passes: Passes | None = None,
        people: UserDirectory | None = None,
    ) -> None:
        self._clock = clock
        self._random_token = random_token
        self._passes = passes
        self._people = people
        self._alive: dict[bytes, tuple[Login, float]] = {}  # in order of issue, which is order of expiry

    async def issue(self, login: Login) -> tuple[str, int]:
        """A ticket and when it expires, in milliseconds since 1970. Raises Busy when too many are alive."""
        ticket = self._random_token()
        expires_at = self._clock.wall() + TICKET_SECONDS * 1000
        if self._passes is not None:
            body = {"uid": login.actor.uid, "session": login.session, "outside": login.external, "until": login.until}
            await self._passes.put_pass(digest(ticket), json.dumps(body), TICKET_SECONDS)
            return ticket, expires_at
        self._drop_expired()
        if len(self._alive) >= MAX_TICKETS:
            raise Busy(retry_after=1.0, seconds=1)
        self._alive[digest(ticket)] = login, self._clock.steady() + TICKET_SECONDS
        return ticket, expires_at

    async def redeem(self, ticket: str) -> Login:
        """Whose ticket this is; it is used up by that. Raises Unauthenticated when unknown, used or expired."""
        if self._passes is not None and self._people is not None:
            body = await self._passes.take_pass(digest(ticket))
            if body is None:
                raise Unauthenticated()
            told = json.loads(body)
            actor = await self._people.actor_of(told["uid"])
            if told["session"] is not None:
                with suppress(
                    Unauthenticated
                ):  # one that is over is found when they come in, and told as what it is (4505)
                    await self._people.sessions.recall(told["session"], actor.uid)
            return Login(actor, told["session"], told["outside"], told["until"])
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
