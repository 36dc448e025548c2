"""`suhbat user …`: make, list, change and erase accounts."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from getpass import getpass
from typing import Any

import typer

from suhbat.config import Settings

from . import explanations
from .flags import NAME, YES, group, option, with_settings
from .local_server import CommandRefused, alone, ask, has_database, running
from .terminal import confirm, escaped, say, stop

ROLES = ("owner", "moderator", "member")
ROLE = option("role", "member", f"On the server: {', '.join(ROLES)}.")
NEW_ROLE = option("role", ..., f"On the server: {', '.join(ROLES)}.")
MESSAGES = option("messages", False, "Delete everything they wrote, too.", bool)


def install(app: typer.Typer) -> None:
    user = group("Manage accounts.")
    user.command("add")(with_settings(add, NAME, ROLE))
    user.command("passwd")(with_settings(passwd, NAME))
    user.command("list")(with_settings(show))
    user.command("disable")(with_settings(disable, NAME))
    user.command("enable")(with_settings(enable, NAME))
    user.command("role")(with_settings(give_role, NAME, NEW_ROLE))
    user.command("erase")(with_settings(erase, NAME, MESSAGES, YES))
    app.add_typer(user, name="user")


def add(settings: Settings, name: str, role: str) -> None:
    """Make an account. The password is asked for, or read from standard input."""
    _require_role(role)
    _execute(settings, verb="add", user_id=name, role=role, password=_password())


def passwd(settings: Settings, name: str) -> None:
    """Set a new password, which is asked for or read from standard input. All sessions of the account end."""
    _execute(settings, verb="passwd", user_id=name, password=_password())


def show(settings: Settings) -> None:
    """List the accounts."""
    _execute(settings, verb="list")


def disable(settings: Settings, name: str) -> None:
    """Disable an account: all its sessions end at once, and nobody else can take its name."""
    _execute(settings, verb="disable", user_id=name)


def enable(settings: Settings, name: str) -> None:
    """Enable a disabled account again."""
    _execute(settings, verb="enable", user_id=name)


def give_role(settings: Settings, name: str, role: str) -> None:
    """Make an account owner, moderator or member of the server."""
    _require_role(role)
    _execute(settings, verb="role", user_id=name, role=role)


def erase(settings: Settings, name: str, messages: bool, yes: bool) -> None:
    """Delete an account for good, and its name from everything it wrote."""
    if not yes:
        try:
            account = find(settings, name)
        except CommandRefused as error:
            stop(str(error), code=1)
        erased = "everything they wrote" if messages else "their name from everything they wrote"
        since = account["created_at"][:10]
        confirm(
            f"The account {account['user_id']} ({account['role']}, since {since}) will be deleted, and {erased}.",
            yes=yes,
        )
    _execute(settings, verb="erase", user_id=name, with_messages=messages)


def _require_role(role: str) -> None:
    if role not in ROLES:
        stop(f"{role} is no role; the roles are {', '.join(ROLES)}")


def _execute(settings: Settings, **fields: Any) -> None:
    try:
        for line in table(execute(settings, **fields)):
            say(line)
    except CommandRefused as error:
        stop(str(error), code=1)


def _password() -> str:
    """Ask for it at the terminal, twice and without echo. If standard input is no terminal, its first line is taken."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            stop("no password on standard input; give it as one line", code=1)
        return line
    password = getpass("Password (8 characters or more): ")
    if password != getpass("Repeat it: "):
        stop("the two passwords differ; nothing was changed", code=1)
    return password


def execute(settings: Settings, **fields: Any) -> list[dict[str, Any]]:
    """Execute a command about accounts (see identity.administration.AccountCommand); gives the accounts concerned.

    Raises CommandRefused.
    """
    found = running(settings)
    if found is None:
        return asyncio.run(_execute_alone(settings, fields))
    with ask(*found, "/control", fields) as answer:
        return list(json.load(answer)["accounts"])


async def _execute_alone(settings: Settings, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The same on the store itself. Only `add` creates a database."""
    if fields["verb"] == "list" and not has_database(settings):
        return []
    from suhbat.identity.administration import AccountCommand

    async with alone(settings, fields, make=fields["verb"] == "add") as suhbat:
        reply = await suhbat.node.services.administration.execute(AccountCommand(**fields))
    return [line.model_dump(mode="json") for line in reply.accounts]


def find(settings: Settings, name: str) -> dict[str, Any]:
    """The account with this name, in any spelling that means the same name. Raises CommandRefused."""
    from suhbat.errors import InvalidName
    from suhbat.identity.names import normalise

    with suppress(InvalidName):
        wanted = normalise(name)
        for account in execute(settings, verb="list"):
            if account["user_id"] == wanted:
                return account
    raise CommandRefused(explanations.no_account(name))


def table(accounts: list[dict[str, Any]]) -> list[str]:
    """A line for each account."""
    if not accounts:
        return ["No accounts yet."]
    names = [escaped(account["user_id"]) for account in accounts]
    wide = max(map(len, names))
    return [
        f"{name:{wide}}  {account['role']:9}  {'disabled' if account['disabled'] else 'active':8}"
        f"  since {account['created_at'][:10]}"
        for name, account in zip(names, accounts, strict=True)
    ]
