"""`suhbat room …` (see `suhbat.cli.rooms`)."""

from __future__ import annotations

from typing import Any

import typer

from suhbat.config import Settings

from . import rooms
from .flags import YES, argument, group, with_settings
from .local_server import Refused
from .terminal import confirm, say, stop

ROOM = argument("room", "The room's id.")
DAYS = argument("days", "Days that messages are kept; 0: as the server's setting says.", int, min=0, max=36_500)


def install(app: typer.Typer) -> None:
    room = group("Look after rooms.")
    room.command("list")(with_settings(show))
    room.command("erase")(with_settings(erase, ROOM, YES))
    room.command("retention")(with_settings(keep, ROOM, DAYS, YES))
    app.add_typer(room, name="room")


def show(settings: Settings) -> None:
    """List the rooms."""
    for line in rooms.table(_order(settings, verb="list")):
        say(line)


def erase(settings: Settings, room: str, yes: bool) -> None:
    """Take a room away for everybody, with all that was said in it."""
    if not yes:
        confirm(f"The room {_described(settings, room)} goes for everybody, with all that was said in it.", yes=yes)
    _order(settings, verb="erase", conversation=room)
    say("Erased.")


def keep(settings: Settings, room: str, days: int, yes: bool) -> None:
    """Say for how many days the messages of a room are kept. Older ones are deleted within a minute."""
    holds = days or settings.retention
    if holds and not yes:
        confirm(f"All that is older than {holds} days in the room {_described(settings, room)} goes.", yes=yes)
    for line in rooms.table(_order(settings, verb="retention", conversation=room, days=days)):
        say(line)


def _described(settings: Settings, room: str) -> str:
    try:
        found = rooms.find(settings, room)
    except Refused as error:
        stop(str(error), code=1)
    title = found["title"]
    return f'{room} ("{title}", {found["member_count"]} members, {found["role"] or "owner"} {found["keeper"] or "-"})'


def _order(settings: Settings, **fields: Any) -> list[dict[str, Any]]:
    try:
        return rooms.order(settings, **fields)
    except Refused as error:
        stop(str(error), code=1)
