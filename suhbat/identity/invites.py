"""Invitations: codes that let so many people register until a certain time, and lead into a room if there is one."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.model import Actor, Invite, Milliseconds
from suhbat.chat.ports import Clock, InviteStore
from suhbat.errors import Forbidden, NotFound

from .tokens import digest, random_token, short_id

MOST_USES = 10_000
LONGEST_SECONDS = 366 * 24 * 3600
"""How long an invitation may be good."""


class Invites:
    """The invitations in the store; only hashes of their codes are there."""

    def __init__(self, store: InviteStore, clock: Clock, random_token: Callable[[], str] = random_token) -> None:
        self._store = store
        self._clock = clock
        self._random_token = random_token

    async def make(self, actor: Actor, uses: int, seconds: int, conversation: str | None) -> tuple[Invite, str]:
        """A new invitation and its code, which is shown this once. Raises NotFound for an unknown conversation.

        `uses`: how many may register; `seconds`: for how long.
        """
        code, now = self._random_token(), self._clock.wall()
        expires_at: Milliseconds = now + seconds * 1000
        id = short_id("i", self._random_token())
        invite = Invite(id, digest(code), conversation, uses, expires_at, actor.uid, now)
        await self._store.add_invite(invite)
        return invite, code

    async def look(self, code: str) -> Invite:
        """The invitation of a code. Raises NotFound when it is unknown, used up or expired."""
        invite = await self._store.invite_by_code(digest(code))
        if invite is None or invite.uses <= 0 or invite.expires_at <= self._clock.wall():
            raise NotFound()
        return invite

    async def require(self, code: str | None) -> None:
        """Raises Forbidden unless somebody may register with this code now."""
        try:
            await self.look(code or "")
        except NotFound:
            raise Forbidden("forbidden.invite") from None

    async def alive(self) -> list[Invite]:
        """Those that are still good, the newest first."""
        now = self._clock.wall()
        return [invite for invite in await self._store.invites() if invite.uses > 0 and invite.expires_at > now]

    async def end(self, id: str) -> None:
        """Take an invitation back. Raises NotFound."""
        if not await self._store.end_invite(id):
            raise NotFound()
