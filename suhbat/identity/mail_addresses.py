"""The e-mail addresses of accounts: set, confirmed by a link, changed, removed. Only confirmed ones get anything but
that link."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import structlog

from suhbat.chat.mailboxes import masked
from suhbat.chat.model import Account, Mail, MailAddress, MailKind, Milliseconds
from suhbat.chat.ports import Clock, MailLimits, MailStore
from suhbat.errors import Forbidden, SuhbatError

from .authentication import PasswordAuthentication
from .mail_syntax import normalised
from .tokens import digest, random_token, short_id

CONFIRM_KEPT_SECONDS = 24 * 3600
NOTICE_KEPT_SECONDS = 7 * 24 * 3600
"""How long a mail waits for a mail server that does not work."""
LIMITS = MailLimits()
UNLIMITED = LIMITS._replace(waiting=2 * LIMITS.waiting)
"""For notices: there is always room for them, and they follow a change that was limited."""

log = structlog.get_logger("suhbat.identity")


class MailAddresses:
    """`wake`: called when there is a new mail. `client`, everywhere: the address of the client, for limits.

    Unless noted otherwise the methods raise RateLimited, and Busy.
    """

    def __init__(
        self,
        store: MailStore,
        clock: Clock,
        authentication: PasswordAuthentication,
        wake: Callable[[], None],
        random_token: Callable[[], str] = random_token,
    ) -> None:
        self._store = store
        self._clock = clock
        self._authentication = authentication
        self._wake = wake
        self._random_token = random_token

    async def of(self, account: Account) -> MailAddress:
        """The address of an account."""
        return await self._store.mail_address(account.uid) or MailAddress(account.uid)

    async def want(self, account: Account, text: str, password: str, client: str, language: str) -> MailAddress:
        """Mail a link that confirms this address. Until then the one before stays. `language`: of the mail, if the
        account has none. The answer is the same whether others have the address or not. Raises BadRequest; Forbidden
        for a wrong password."""
        address = normalised(text)
        await self._authentication.require_password(account, password, client)
        held = await self.of(account)
        if held.address == address and held.refused_at is None:
            return held
        self._authentication.throttle.mail(client)
        about, now = {"language": language}, self._clock.wall()
        mail = new_mail(
            "confirm", account.uid, address, about, now, CONFIRM_KEPT_SECONDS, self._random_token, only=True
        )
        await self._store.want_address(account.uid, address, mail, LIMITS)
        self._wake()
        return await self.of(account)

    async def confirm(self, code: str, client: str) -> None:
        """Use the code of a link. Raises Forbidden if it is wrong, used or expired."""
        with self._authentication.throttle.attempt(client, None):
            confirmed = await self._store.confirm_address(digest(code), self._clock.wall())
            if confirmed is None:
                raise Forbidden("forbidden.mail_code")
        before, after = confirmed
        log.info("mail: address confirmed", uid=after.uid)
        if before.address is not None and before.address != after.address:
            await self._notify("changed", after.uid, before.address, {"address": masked(after.address or "")})

    async def remove(self, account: Account, password: str, client: str) -> None:
        """Forget the address, confirmed or not. Raises Forbidden for a wrong password."""
        await self._authentication.require_password(account, password, client)
        before = await self._store.forget_address(account.uid)
        if before is not None and before.address is not None:
            await self._notify("changed", account.uid, before.address, {})

    async def set_digest(self, account: Account, on: bool) -> None:
        """Whether to mail what the user missed. Raises Forbidden if the account never had an address."""
        if not await self._store.set_digest(account.uid, on):
            raise Forbidden("forbidden.mail_address")

    async def tell_of_password(self, account: Account) -> None:
        """Tell the confirmed address of an account that the password was changed. Raises nothing: it was."""
        try:
            held = await self._store.mail_address(account.uid)
            if held is not None and held.address is not None:
                await self._notify("password", account.uid, held.address, {})
        except SuhbatError as error:
            log.warning("mail: notice not queued", uid=account.uid, reason=str(error))

    async def _notify(self, kind: MailKind, uid: str, address: str, about: Mapping[str, str]) -> None:
        mail = new_mail(kind, uid, address, about, self._clock.wall(), NOTICE_KEPT_SECONDS, self._random_token)
        await self._store.queue_mail(mail, UNLIMITED)
        self._wake()


def new_mail(
    kind: MailKind,
    uid: str,
    address: str,
    about: Mapping[str, str],
    at: Milliseconds,
    seconds: int,
    random_token: Callable[[], str],
    *,
    only: bool = False,
) -> Mail:
    """A mail that is due at once and waits for so many seconds. `only`: of this kind, at most one waits for the
    account."""
    id = short_id("m", random_token())
    key = f"{kind}:{uid if only else id}"
    return Mail(id, kind, key, uid, address, json.dumps(about), at, at, at + seconds * 1000)
