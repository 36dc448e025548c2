"""Invites that are mailed. Their codes are made when they are sent, so nobody else has them, and the queue holds
none."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.model import Actor, Invite
from suhbat.chat.ports import Clock, MailLimits, MailStore

from .invites import Invites
from .mail_addresses import new_mail
from .mail_syntax import normalised
from .throttle import Throttle
from .tokens import random_token

LIMITS = MailLimits(account=100)
KEPT_SECONDS = 3 * 24 * 3600
"""How long an invite waits for a mail server that does not work, or until it expires."""


class MailedInvites:
    """`wake`: called when there is a new mail."""

    def __init__(
        self,
        store: MailStore,
        clock: Clock,
        invites: Invites,
        throttle: Throttle,
        wake: Callable[[], None],
        random_token: Callable[[], str] = random_token,
    ) -> None:
        self._store = store
        self._clock = clock
        self._invites = invites
        self._throttle = throttle
        self._wake = wake
        self._random_token = random_token

    async def create(
        self, actor: Actor, to: str, uses: int, seconds: int, conversation: str | None, client: str, language: str
    ) -> Invite:
        """A new invite for somebody with this address; the others as for `Invites.create` and `MailAddresses.want`.
        Raises BadRequest, NotFound, RateLimited, Busy."""
        address = normalised(to)
        self._throttle.mail(client)
        invite, _ = await self._invites.create(actor, uses, seconds, conversation)
        about, kept = {"invite": invite.id, "language": language}, min(KEPT_SECONDS, seconds)
        mail = new_mail("invite", actor.uid, address, about, self._clock.wall(), kept, self._random_token)
        try:
            await self._store.queue_mail(mail, LIMITS)
        except BaseException:
            await self._invites.revoke(invite.id)
            raise
        self._wake()
        return invite
