"""`suhbat export …`: everything the server stores about an account, or a conversation, as JSON Lines.

An export is written to `NAME.part`, which is renamed when it is complete. An interrupted export continues from that file.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import typer

from suhbat.config import Settings

from .exported_files import copy_files
from .flags import NAME, argument, group, option, with_settings
from .local_server import CommandRefused, alone, ask, running
from .terminal import say, stop

CONVERSATION = argument("room", "The conversation's id, or lobby.")
FILES = option("files_to", None, "A directory for the files of the messages.", Path)
OUT = option("out", ..., "The file to write. It must not exist yet.", Path)


def install(app: typer.Typer) -> None:
    export = group("Export stored data to a file.")
    export.command("user")(with_settings(user, NAME, OUT, FILES))
    export.command("room")(with_settings(room, CONVERSATION, OUT, FILES))
    app.add_typer(export, name="export")


def user(settings: Settings, name: str, out: Path, files_to: Path | None) -> None:
    """Write everything the server stores about an account to a file, as JSON Lines. Continues an interrupted export."""
    _export(settings, out, files_to, user_id=name)


def room(settings: Settings, room: str, out: Path, files_to: Path | None) -> None:
    """Write a room, a direct or the lobby to a file, as JSON Lines. Continues an interrupted export."""
    _export(settings, out, files_to, conversation=room)


def _export(settings: Settings, out: Path, files_to: Path | None, **subject: str) -> None:
    try:
        if files_to is None or not out.exists():
            say(f"{export(settings, out, **subject)} lines in {out}")
        elif not is_export_of(out, **subject):
            raise CommandRefused(f"{out} exists already; give another name")
        if files_to is not None:
            there, gone = copy_files(settings, out, files_to)
            say(f"{there} files in {files_to}" + (f"; {gone} are gone" if gone else ""))
    except CommandRefused as error:
        stop(str(error), code=1)


def export(settings: Settings, out: Path, *, user_id: str = "", conversation: str = "") -> int:
    """Write everything to `out` as JSON Lines; gives the number of lines. Raises CommandRefused."""
    if out.exists():
        raise CommandRefused(f"{out} exists already; give another name")
    part = out.with_name(out.name + ".part")
    asked: dict[str, Any] = {"user_id": user_id, "conversation": conversation}
    asked |= _resumed(part, user_id, conversation)
    try:
        with part.open("ab") as file:
            found = running(settings)
            if found is None:
                asyncio.run(_export_alone(settings, asked, file))
            else:
                with ask(*found, "/control/export", asked) as answer:
                    for line in answer:
                        file.write(line)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise CommandRefused(f"{out} cannot be written: {error.strerror or error}") from None
    except CommandRefused:
        if part.exists() and not part.stat().st_size:
            part.unlink()
        raise
    with out.open("rb") as file:
        return sum(1 for _ in file)


def _resumed(part: Path, user_id: str, conversation: str) -> dict[str, Any]:
    """Where an interrupted export continues: `after` or `cursor`, as in the request.

    The file is truncated after its last complete line that gives such a position; to nothing, if it holds another export.
    """
    if not part.exists():
        return {}
    position: dict[str, Any] = {}
    good = 0
    with part.open("rb+") as file:
        if _is_of(file.readline(), user_id, conversation):
            for line in iter(file.readline, b""):
                if not line.endswith(b"\n"):
                    break
                one = json.loads(line)
                if one["type"] == "cursor":
                    position, good = {"cursor": int(one["cursor"])}, file.tell()
                elif one["type"] == "message" and conversation:
                    position, good = {"after": one["seq"]}, file.tell()
        file.truncate(good)
    return position


def is_export_of(out: Path, *, user_id: str = "", conversation: str = "") -> bool:
    """Whether a file is an export of this account or conversation, whose files may still be missing."""
    with out.open("rb") as file:
        return _is_of(file.readline(), user_id, conversation)


def _is_of(first: bytes, user_id: str, conversation: str) -> bool:
    """Whether an export with this first line is of the same account or conversation."""
    try:
        header = json.loads(first)
        named = header["user_id"] if header["type"] == "user" else header["conversation"]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(named == (user_id or conversation))


async def _export_alone(settings: Settings, asked: dict[str, Any], file: Any) -> None:
    from suhbat.chat.turns import ExportPace
    from suhbat.http.control import ExportCommand, export_lines

    pace = ExportPace(lambda seconds: asyncio.sleep(0))  # no client waits, so the export need not be slowed down
    async with alone(settings, asked) as suhbat:
        async for piece in await export_lines(ExportCommand(**asked), suhbat.node.store, suhbat.node.people, pace):
            file.write(piece)
