"""Logging in with a password, and the changes of an account that need its password.

A failure takes the same time and has the same text whether the name exists or not.
"""

from __future__ import annotations

from suhbat.chat.model import Account, Session
from suhbat.chat.ports import Clock
from suhbat.errors import Forbidden, InvalidName, Unauthenticated

from .names import entered, skeleton
from .passwords import Passwords, require_possible
from .throttle import Throttle
from .user_directory import UserDirectory


class PasswordAuthentication:
    """Every `address` is the client's, for limits. All methods raise RateLimited, and Busy."""

    def __init__(self, clock: Clock, people: UserDirectory, passwords: Passwords) -> None:
        self._clock = clock
        self._people = people
        self._passwords = passwords
        self.throttle = Throttle(clock)

    async def log_in(self, name: str, password: str, address: str, label: str) -> tuple[Account, Session, str]:
        """The account, a new session and its token. `label`: see `chat.model.Session`.

        Raises Unauthenticated, with one text for an unknown name, a wrong password and a disabled account.
        """
        accounts = self._people.accounts
        with self.throttle.attempt(address, throttled_name(name)):
            account = accounts.of_name(name)
            if account is None:
                await self._people.refresh(name)  # another node may have made the account a moment ago
                account = accounts.of_name(name)
            if account is None or account.disabled or account.owner_uid is not None:
                await self._passwords.verify(password, None, address)  # takes as long as for an account
                raise Unauthenticated("unauthenticated.password")
            if not await self._is_correct(account, password, address):
                raise Unauthenticated("unauthenticated.password")
        session, token = await self._people.sessions.create(account.uid, label)
        return accounts.require(account.uid), session, token

    async def change_password(
        self, account: Account, current: str, password: str, session: str | None, address: str
    ) -> Account:
        """Set another password and revoke every session except `session` (an id). Raises BadRequest; Forbidden if `current`
        is wrong."""
        require_possible(password)
        with self.throttle.attempt(address, throttled_name(account.user_id)):
            await self._require_correct(account, current, address)
            password_hash = await self._passwords.hash(password, address)
        return await self._people.set_password(account, password_hash, keep=session)

    async def require_password(self, account: Account, password: str, address: str) -> None:
        """Raise Forbidden unless this is the password of the account."""
        with self.throttle.attempt(address, throttled_name(account.user_id)):
            await self._require_correct(account, password, address)

    async def erase(self, account: Account, password: str, address: str, *, with_messages: bool) -> None:
        """Erase an account: see `UserDirectory.erase`. Raises Forbidden if the password is wrong; BadRequest for the
        last owner."""
        with self.throttle.attempt(address, throttled_name(account.user_id)):
            await self._require_correct(account, password, address)
        await self._people.erase(account, self._clock.wall(), with_messages=with_messages)

    async def _require_correct(self, account: Account, password: str, address: str) -> None:
        if not await self._is_correct(account, password, address):
            raise Forbidden("forbidden.password")

    async def _is_correct(self, account: Account, password: str, address: str) -> bool:
        """Whether this is the account's password, also after the verification. Renews a hash of outdated parameters."""
        verdict = await self._passwords.verify(password, account.password_hash, address)
        now = self._people.accounts.of_uid(account.uid)
        if not verdict.right or now is None or now.disabled or now.owner_uid is not None:
            return False
        if now.password_hash != account.password_hash:  # changed meanwhile, or renewed by another login
            return await self._is_correct(now, password, address)
        if verdict.rehashed is not None:
            await self._people.accounts.change(account.uid, password_hash=verdict.rehashed)
        return True


def throttled_name(name: str) -> str:
    """The name under which attempts are counted: one for all names that look the same."""
    try:
        return skeleton(entered(name))
    except InvalidName:
        return name[:128]
