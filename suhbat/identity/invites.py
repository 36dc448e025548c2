"""Invites: codes with which a limited number of users may register for a limited time, and join a room if there is one."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.model import Actor, Invite
from suhbat.chat.ports import Clock, InviteStore
from suhbat.errors import Forbidden, NotFound

from .tokens import digest, random_token, short_id

MOST_USES = 10_000
LONGEST_SECONDS = 366 * 24 * 3600
"""The longest validity of an invite."""


class Invites:
    """The invites in the store, which has only the hashes of their codes."""

    def __init__(self, store: InviteStore, clock: Clock, random_token: Callable[[], str] = random_token) -> None:
        self._store = store
        self._clock = clock
        self._random_token = random_token

    async def create(self, actor: Actor, uses: int, seconds: int, conversation: str | None) -> tuple[Invite, str]:
        """A new invite and its code, which cannot be shown again. `uses`: users who may register; `seconds`: how long it is
        valid. Raises NotFound for an unknown conversation."""
        code, now = self._random_token(), self._clock.wall()
        id = short_id("i", self._random_token())
        invite = Invite(id, digest(code), conversation, uses, now + seconds * 1000, actor.uid, now)
        await self._store.add_invite(invite)
        return invite, code

    async def find(self, code: str) -> Invite:
        """The invite of a code. Raises NotFound if it is unknown, used up or expired."""
        invite = await self._store.invite_by_code(digest(code))
        if invite is None or not self._is_valid(invite):
            raise NotFound()
        return invite

    async def require(self, code: str | None) -> None:
        """Raise Forbidden unless a user may register with this code now."""
        try:
            await self.find(code or "")
        except NotFound:
            raise Forbidden("forbidden.invite") from None

    async def valid(self) -> list[Invite]:
        """The invites that are still valid, the newest first."""
        return [invite for invite in await self._store.invites() if self._is_valid(invite)]

    async def revoke(self, id: str) -> None:
        """Delete an invite. Raises NotFound."""
        if not await self._store.end_invite(id):
            raise NotFound()

    def _is_valid(self, invite: Invite) -> bool:
        return invite.uses > 0 and invite.expires_at > self._clock.wall()
