"""Commands about accounts that the machine's owner gives with `suhbat user …`, while a server runs or without one."""

from __future__ import annotations

from typing import Literal

from suhbat.chat.model import Account
from suhbat.errors import BadRequest
from suhbat.protocol.objects import Role
from suhbat.protocol.told import UserId
from suhbat.protocol.types import Schema, Time

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


async def execute(command: AccountCommand, registration: Registration, people: UserDirectory) -> AccountsReply:
    """Raises the errors of its use case: UserNotFound, InvalidName, NameTaken, NameInUse, BadRequest, Busy."""
    match command.verb:
        case "list":
            return _reply(*people.accounts)
        case "add":
            return _reply(await registration.add(command.user_id, _password(command), command.role))
        case "passwd":
            return _reply(await registration.reset_password(command.user_id, _password(command)))
        case "role":
            return _reply(await registration.set_role(command.user_id, command.role))
        case "erase":
            return _reply(await registration.erase_named(command.user_id, with_messages=command.with_messages))
        case "disable" | "enable":
            return _reply(await registration.set_disabled(command.user_id, command.verb == "disable"))


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
