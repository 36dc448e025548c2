"""`suhbat export …` (see `suhbat.cli.rooms`)."""

from __future__ import annotations

from pathlib import Path

import typer

from suhbat.config import Settings

from . import rooms
from .flags import NAME, argument, group, option, with_settings
from .local_server import Refused
from .terminal import say, stop

CONVERSATION = argument("room", "The conversation's id, or lobby.")
OUT = option("out", ..., "The file to write; it must not be there yet.", Path)


def install(app: typer.Typer) -> None:
    export = group("Write what the server holds into a file.")
    export.command("user")(with_settings(user, NAME, OUT))
    export.command("room")(with_settings(room, CONVERSATION, OUT))
    app.add_typer(export, name="export")


def user(settings: Settings, name: str, out: Path) -> None:
    """Write everything the server holds of an account into a file, as JSON Lines. Goes on where it was broken off."""
    _export(settings, out, user_id=name)


def room(settings: Settings, room: str, out: Path) -> None:
    """Write a room, a direct or the lobby into a file, as JSON Lines. Goes on where it was broken off."""
    _export(settings, out, conversation=room)


def _export(settings: Settings, out: Path, **whose: str) -> None:
    try:
        say(f"{rooms.export(settings, out, **whose)} lines in {out}")
    except Refused as error:
        stop(str(error), code=1)
