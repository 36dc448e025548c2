"""`suhbat room …`: list rooms, erase one, set how long its messages are kept."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import typer

from suhbat.config import Settings

from . import explanations
from .flags import YES, argument, group, with_settings
from .local_server import CommandRefused, alone, ask, running
from .terminal import confirm, escaped, say, stop

ROOM = argument("room", "The room's id.")
DAYS = argument("days", "Days that messages are kept; 0: as the server's setting says.", int, min=0, max=36_500)


def install(app: typer.Typer) -> None:
    room = group("Manage rooms.")
    room.command("list")(with_settings(show))
    room.command("erase")(with_settings(erase, ROOM, YES))
    room.command("retention")(with_settings(keep, ROOM, DAYS, YES))
    app.add_typer(room, name="room")


def show(settings: Settings) -> None:
    """List the rooms."""
    for line in table(_execute(settings, verb="list")):
        say(line)


def erase(settings: Settings, room: str, yes: bool) -> None:
    """Delete a room for everybody, with all its messages."""
    if not yes:
        confirm(f"The room {_described(settings, room)} will be deleted for everybody, with all its messages.", yes=yes)
    _execute(settings, verb="erase", conversation=room)
    say("Erased.")


def keep(settings: Settings, room: str, days: int, yes: bool) -> None:
    """Set for how many days the messages of a room are kept. Older ones are deleted within a minute."""
    kept = days or settings.retention
    if kept and not yes:
        confirm(
            f"All messages older than {kept} days in the room {_described(settings, room)} will be deleted.", yes=yes
        )
    for line in table(_execute(settings, verb="retention", conversation=room, days=days)):
        say(line)


def _described(settings: Settings, room: str) -> str:
    try:
        found = find(settings, room)
    except CommandRefused as error:
        stop(str(error), code=1)
    title = found["title"]
    return f'{room} ("{title}", {found["member_count"]} members, {found["role"] or "owner"} {found["senior"] or "-"})'


def _execute(settings: Settings, **fields: Any) -> list[dict[str, Any]]:
    try:
        return execute(settings, **fields)
    except CommandRefused as error:
        stop(str(error), code=1)


def execute(settings: Settings, **fields: Any) -> list[dict[str, Any]]:
    """Execute a command about rooms (see `RoomCommand`); gives the rooms concerned. Raises CommandRefused."""
    found = running(settings)
    if found is None:
        return asyncio.run(_execute_alone(settings, fields))
    with ask(*found, "/control/rooms", fields) as answer:
        return list(json.load(answer)["rooms"])


async def _execute_alone(settings: Settings, fields: dict[str, Any]) -> list[dict[str, Any]]:
    from suhbat.chat import room_administration

    async with alone(settings, fields) as suhbat:
        command = room_administration.RoomCommand(**fields)
        reply = await room_administration.execute(command, suhbat.node.store, suhbat.node.services.commands)
    return [line.model_dump(mode="json") for line in reply.rooms]


def find(settings: Settings, conversation: str) -> dict[str, Any]:
    """The room with this id. Raises CommandRefused."""
    for room in execute(settings, verb="list"):
        if room["conversation"] == conversation:
            return room
    raise CommandRefused(explanations.no_conversation(conversation))


def table(rooms: list[dict[str, Any]]) -> list[str]:
    """A line for each room."""
    if not rooms:
        return ["No rooms."]
    return [
        f"{room['conversation']}  {room['member_count']:5} members  "
        f"{room['role'] or '-':9} {escaped(room['senior'] or '-'):16}  "
        f"{'for ever' if not room['retention'] else str(room['retention']) + ' days':10}  {escaped(room['title'])}"
        for room in rooms
    ]
