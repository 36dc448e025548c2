"""What the owner of the machine may order: `suhbat user …`, through the running server or without one."""

from __future__ import annotations

from typing import Literal

from suhbat.chat.model import Account
from suhbat.errors import BadRequest
from suhbat.protocol.objects import Role
from suhbat.protocol.told import UserId
from suhbat.protocol.types import Time, Wire

from .people import People
from .registration import Registration

Verb = Literal["add", "passwd", "list", "disable", "enable", "role", "erase"]


class Order(Wire):
    """A verb, whom it is about, and what it needs: `add` a password and a role, `passwd` a password, `role` a role, `erase`
    whether what they wrote goes too."""

    verb: Verb
    user_id: str = ""
    password: str | None = None
    role: Role = "member"
    with_messages: bool = False


class Line(Wire):
    """An account as the command line shows it."""

    user_id: UserId
    role: Role
    disabled: bool
    created_at: Time


class Report(Wire):
    """The accounts that an order was about, as they are now."""

    accounts: tuple[Line, ...]


async def carry_out(order: Order, registration: Registration, people: People) -> Report:
    """Raises what the order's use case raises: UserNotFound, InvalidName, NameTaken, NameInUse, BadRequest, Busy."""
    match order.verb:
        case "list":
            return _report(*people.accounts)
        case "add":
            return _report(await registration.add(order.user_id, _password(order), order.role))
        case "passwd":
            return _report(await registration.reset_password(order.user_id, _password(order)))
        case "role":
            return _report(await registration.set_role(order.user_id, order.role))
        case "erase":
            return _report(await registration.erase_named(order.user_id, with_messages=order.with_messages))
        case "disable" | "enable":
            return _report(await registration.set_disabled(order.user_id, order.verb == "disable"))


def _password(order: Order) -> str:
    if order.password is None:
        raise BadRequest(reason='"password" is missing')
    return order.password


def _report(*accounts: Account) -> Report:
    return Report(
        accounts=tuple(
            Line(user_id=one.user_id, role=one.role, disabled=one.disabled, created_at=one.created_at)
            for one in accounts
        )
    )
