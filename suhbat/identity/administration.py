"""Commands about accounts that the machine's owner gives with `suhbat user …`, while a server runs or without one."""

from __future__ import annotations

from typing import Literal

from suhbat.chat.model import Account
from suhbat.chat.ports import Clock
from suhbat.errors import BadRequest, UserNotFound
from suhbat.protocol.characters import cut
from suhbat.protocol.objects import Role
from suhbat.protocol.sent_types import UserId
from suhbat.protocol.types import Schema, Time

from .passwords import Passwords, require_possible
from .registration import Registration
from .user_directory import UserDirectory

Verb = Literal["add", "passwd", "list", "disable", "enable", "role", "erase"]


class AccountCommand(Schema):
    """One command. `user_id`: the account's, unused by `list`; `password`: for `add` and `passwd`; `role`: for `add` and
    `role`; `with_messages`: for `erase`, whether the account's messages are deleted too."""

    verb: Verb
    user_id: str = ""
    password: str | None = None
    role: Role = "member"
    with_messages: bool = False


class AccountLine(Schema):
    """An account as the command line shows it."""

    user_id: UserId
    role: Role
    disabled: bool
    created_at: Time


class AccountsReply(Schema):
    """The accounts that a command concerned, as they are now."""

    accounts: tuple[AccountLine, ...]


class AccountAdministration:
    """Executes the commands. Unless noted otherwise the methods raise UserNotFound, and Busy."""

    def __init__(self, clock: Clock, people: UserDirectory, passwords: Passwords, registration: Registration) -> None:
        self._clock = clock
        self._people = people
        self._passwords = passwords
        self._registration = registration

    async def execute(self, command: AccountCommand) -> AccountsReply:
        """Also raises InvalidName, NameTaken, NameInUse, BadRequest."""
        match command.verb:
            case "list":
                return _reply(*self._people.accounts)
            case "add":
                return _reply(await self._registration.add(command.user_id, _password(command), command.role))
            case "passwd":
                return _reply(await self.set_password(command.user_id, _password(command)))
            case "role":
                return _reply(await self.set_role(command.user_id, command.role))
            case "erase":
                return _reply(await self.erase(command.user_id, with_messages=command.with_messages))
            case "disable" | "enable":
                return _reply(await self.set_disabled(command.user_id, command.verb == "disable"))

    async def set_password(self, name: str, password: str) -> Account:
        """Set a password and revoke every session. Raises BadRequest for an impossible password."""
        require_possible(password)
        account = self._account(name)
        return await self._people.set_password(account, await self._passwords.hash(password))

    async def set_disabled(self, name: str, disabled: bool) -> Account:
        """Disable an account, which revokes every session and keeps the name taken; or enable it again."""
        account = await self._people.accounts.change(self._account(name).uid, disabled=disabled)
        if disabled:
            await self._people.sessions.revoke_all(account.uid)
        return account

    async def set_role(self, name: str, role: Role) -> Account:
        """Change the role on the server."""
        return await self._people.accounts.change(self._account(name).uid, role=role)

    async def erase(self, name: str, *, with_messages: bool) -> Account:
        """Erase an account: see `UserDirectory.erase`. Raises BadRequest for the last owner."""
        account = self._account(name)
        await self._people.erase(account, self._clock.wall(), with_messages=with_messages)
        return account

    def _account(self, name: str) -> Account:
        account = self._people.accounts.of_name(name)
        if account is None:
            raise UserNotFound(user_id=cut(name, 64))
        return account


def _password(command: AccountCommand) -> str:
    if command.password is None:
        raise BadRequest(reason='"password" is missing')
    return command.password


def _reply(*accounts: Account) -> AccountsReply:
    return AccountsReply(
        accounts=tuple(
            AccountLine(user_id=one.user_id, role=one.role, disabled=one.disabled, created_at=one.created_at)
            for one in accounts
        )
    )
