"""A new password for somebody who forgot theirs, with a link that is mailed to the confirmed address.

Whoever asks learns nothing: the answer is the same, and comes after the same time, whether the account exists or not,
and whether it has an address. The look-up happens after the answer.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from suhbat.chat.mailboxes import folded
from suhbat.chat.model import Account
from suhbat.chat.ports import Clock, MailStore
from suhbat.errors import Busy, Forbidden, RateLimited
from suhbat.tasks import Tasks

from .authentication import PasswordAuthentication, throttled_name
from .mail_addresses import LIMITS, MailAddresses, new_mail
from .passwords import Passwords, require_possible
from .tokens import digest, random_token
from .user_directory import UserDirectory

MAIL_KEPT_SECONDS = 3600
"""After this time nobody waits for the mail any more."""
MOST_ACCOUNTS = 3
"""Accounts with one address that get a link at once."""
MOST_ASKING = 100
"""Requests that are looked up at a time. Above it, all are refused."""

log = structlog.get_logger("suhbat.identity")


class PasswordResets:
    """`wake`: called when there is a new mail. `client`, everywhere: the address of the client, for limits."""

    def __init__(
        self,
        store: MailStore,
        clock: Clock,
        people: UserDirectory,
        passwords: Passwords,
        authentication: PasswordAuthentication,
        addresses: MailAddresses,
        tasks: Tasks,
        wake: Callable[[], None],
        random_token: Callable[[], str] = random_token,
    ) -> None:
        self._store = store
        self._clock = clock
        self._people = people
        self._passwords = passwords
        self._authentication = authentication
        self._addresses = addresses
        self._tasks = tasks
        self._wake = wake
        self._random_token = random_token
        self._asking = 0

    def ask(self, name: str, client: str, language: str) -> None:
        """Mail links to the account with this name, or to those with this confirmed address, if there are any. Raises
        RateLimited, whether there are or not."""
        self._authentication.throttle.reset(client, folded(name)[:256] if "@" in name else throttled_name(name))
        if self._asking >= MOST_ASKING:
            raise RateLimited(retry_after=5)
        self._asking += 1
        self._tasks.start(self._mail(name, language))

    async def set(self, code: str, password: str, client: str) -> Account:
        """Use a code to set a password. It revokes every session and tells the address. Raises Forbidden if the code
        is wrong, used or expired; BadRequest for an impossible password, which leaves the code as it is; RateLimited,
        Busy."""
        with self._authentication.throttle.attempt(client, None):
            found = await self._store.mail_code(digest(code), "reset", self._clock.wall())
            if found is None:
                raise Forbidden("forbidden.mail_code")
        require_possible(password)
        # A code costs one hash, except for those who send it many times at once: they wait in the queue of their address.
        password_hash = await self._passwords.hash(password, client)
        taken = await self._store.take_code(digest(code), "reset", self._clock.wall())
        if taken is None:
            raise Forbidden("forbidden.mail_code")
        account = await self._account(taken.uid)
        if account is None or account.disabled:
            raise Forbidden("forbidden.mail_code")
        changed = await self._people.set_password(account, password_hash)
        log.info("password: set with a mailed link", uid=account.uid)
        await self._addresses.tell_of_password(changed)
        return changed

    async def _mail(self, name: str, language: str) -> None:
        try:
            for account in await self._find(name):
                held = await self._store.mail_address(account.uid)
                if held is None or held.address is None:
                    continue
                about, now = {"language": language}, self._clock.wall()
                mail = new_mail(
                    "reset", account.uid, held.address, about, now, MAIL_KEPT_SECONDS, self._random_token, only=True
                )
                await self._store.queue_mail(mail, LIMITS)
                self._wake()
        except RateLimited:
            log.info("password: no more links today for this account or address")
        except Busy as error:
            log.warning("password: link not queued", reason=str(error))
        finally:
            self._asking -= 1

    async def _find(self, name: str) -> list[Account]:
        """The accounts with this name or address that may get a link."""
        if "@" in name:
            uids = await self._store.mail_owners(name, MOST_ACCOUNTS)
            found = [await self._account(uid) for uid in uids]
        else:
            await self._people.refresh(name)
            found = [self._people.accounts.of_name(name)]
        # Without a password, another application identifies the user.
        return [one for one in found if one is not None and not one.disabled and one.password_hash is not None]

    async def _account(self, uid: str) -> Account | None:
        if self._people.accounts.of_uid(uid) is None:
            await self._people.reload_accounts([uid])
        return self._people.accounts.of_uid(uid)
