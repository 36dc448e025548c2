"""Tickets: an identity for one use within 30 s, for clients that cannot send a header (a browser's WebSocket).

A ticket travels in a URL, and URLs end up in logs and histories. So it is worthless after its first use.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from suhbat.chat.ports import Clock, Passes
from suhbat.errors import Unauthenticated

from .tokens import digest, random_token
from .user_directory import Login, UserDirectory

TICKET_SECONDS = 30


class Tickets:
    """Issues and redeems tickets. A ticket is valid on every node that shares the `passes`, which keep only its hash."""

    def __init__(
        self, clock: Clock, people: UserDirectory, passes: Passes, random_token: Callable[[], str] = random_token
    ) -> None:
        self._clock = clock
        self._people = people
        self._passes = passes
        self._random_token = random_token

    async def issue(self, login: Login) -> tuple[str, int]:
        """A ticket, and when it expires in milliseconds since 1970. Raises Busy."""
        ticket = self._random_token()
        body = {"uid": login.actor.uid, "session": login.session, "outside": login.external, "until": login.until}
        await self._passes.put_pass(digest(ticket), json.dumps(body), TICKET_SECONDS)
        return ticket, self._clock.wall() + TICKET_SECONDS * 1000

    async def redeem(self, ticket: str) -> Login:
        """The login for which a ticket was issued. Uses the ticket up. Raises Unauthenticated if it is unknown, used or
        expired, or if its user is gone; Busy.

        The login may have been revoked meanwhile: check `UserDirectory.is_current`, so that the client is told of that.
        """
        body = await self._passes.take_pass(digest(ticket))
        if body is None:
            raise Unauthenticated()
        fields = json.loads(body)
        actor = await self._people.actor_of(fields["uid"])
        if fields["session"] is not None:
            with suppress(Unauthenticated):
                await self._people.sessions.load(fields["session"], actor.uid)
        return Login(actor, fields["session"], fields["outside"], fields["until"])
