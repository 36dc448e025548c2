"""`suhbat user …` (see `suhbat.cli.local_server`)."""

from __future__ import annotations

from typing import Any

import typer

from suhbat.config import Settings

from . import local_server
from .flags import NAME, YES, group, option, with_settings
from .terminal import confirm, say, stop

ROLES = ("owner", "moderator", "member")
ROLE = option("role", "member", f"On the server: {', '.join(ROLES)}.")
NEW_ROLE = option("role", ..., f"On the server: {', '.join(ROLES)}.")
MESSAGES = option("messages", False, "Take away what they wrote, too.", bool)


def install(app: typer.Typer) -> None:
    user = group("Look after accounts.")
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
    _carry_out(settings, verb="add", user_id=name, role=role, password=_password())


def passwd(settings: Settings, name: str) -> None:
    """Give an account another password, which is asked for or read from standard input; every session ends."""
    _carry_out(settings, verb="passwd", user_id=name, password=_password())


def show(settings: Settings) -> None:
    """List the accounts."""
    _carry_out(settings, verb="list")


def disable(settings: Settings, name: str) -> None:
    """Shut an account out: every session ends at once, the name stays theirs."""
    _carry_out(settings, verb="disable", user_id=name)


def enable(settings: Settings, name: str) -> None:
    """Let an account in again."""
    _carry_out(settings, verb="enable", user_id=name)


def give_role(settings: Settings, name: str, role: str) -> None:
    """Make somebody owner, moderator or member of the server."""
    _require_role(role)
    _carry_out(settings, verb="role", user_id=name, role=role)


def erase(settings: Settings, name: str, messages: bool, yes: bool) -> None:
    """Take an account away for good, and its name from everything it wrote."""
    if not yes:
        try:
            account = local_server.find(settings, name)
        except local_server.Refused as error:
            stop(str(error), code=1)
        goes = "everything they wrote" if messages else "their name from everything they wrote"
        since = account["created_at"][:10]
        confirm(f"The account {account['user_id']} ({account['role']}, since {since}) goes, and {goes}.", yes=yes)
    _carry_out(settings, verb="erase", user_id=name, with_messages=messages)


def _require_role(role: str) -> None:
    if role not in ROLES:
        stop(f"{role} is no role; there are {', '.join(ROLES)}")


def _carry_out(settings: Settings, **fields: Any) -> None:
    try:
        for line in local_server.table(local_server.order(settings, **fields)):
            say(line)
    except local_server.Refused as error:
        stop(str(error), code=1)


def _password() -> str:
    try:
        return local_server.ask_password()
    except local_server.Refused as error:
        stop(str(error), code=1)
