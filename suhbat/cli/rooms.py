"""`suhbat room …` and `suhbat export …`: through the running server, or on the store when none runs (see `users`).

An export is written beside its file and gets its name when it is whole: what was broken off goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from suhbat.config import Settings

from . import words
from .local_server import Refused, alone, ask, running
from .words import shown


def order(settings: Settings, **fields: Any) -> list[dict[str, Any]]:
    """Carry out an order about rooms (see chat.looking_after.RoomOrder); the rooms that it was about. Raises Refused."""
    told = running(settings)
    if told is None:
        return asyncio.run(_alone(settings, fields))
    with ask(*told, "/control/rooms", fields) as answer:
        return list(json.load(answer)["rooms"])


def find(settings: Settings, conversation: str) -> dict[str, Any]:
    """The room of this id. Raises Refused."""
    for room in order(settings, verb="list"):
        if room["conversation"] == conversation:
            return room
    raise Refused(words.no_conversation(conversation))


def table(rooms: list[dict[str, Any]]) -> list[str]:
    """A line for each room."""
    if not rooms:
        return ["No rooms."]
    return [
        f"{room['conversation']}  {room['member_count']:5} members  "
        f"{room['role'] or '-':9} {shown(room['keeper'] or '-'):16}  "
        f"{'for ever' if not room['retention'] else str(room['retention']) + ' days':10}  {shown(room['title'])}"
        for room in rooms
    ]


def export(settings: Settings, out: Path, *, user_id: str = "", conversation: str = "") -> int:
    """Write everything to `out` as JSON Lines; the number of lines. Raises Refused."""
    if out.exists():
        raise Refused(f"{out} is there already; give another name")
    part = out.with_name(out.name + ".part")
    asked: dict[str, Any] = {"user_id": user_id, "conversation": conversation} | _place(part, user_id, conversation)
    try:
        with part.open("ab") as file:
            told = running(settings)
            if told is None:
                asyncio.run(_write(settings, asked, file))
            else:
                with ask(*told, "/control/export", asked) as answer:
                    for line in answer:
                        file.write(line)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror or error}") from None
    except Refused:
        if part.exists() and not part.stat().st_size:
            part.unlink()
        raise
    with out.open("rb") as file:
        return sum(1 for _ in file)


def _place(part: Path, user_id: str, conversation: str) -> dict[str, Any]:
    """Where an export that broke off goes on. What is after that place in the file is cut off; all of it, if it is
    another's."""
    if not part.exists():
        return {}
    place: dict[str, Any] = {}
    good = 0
    with part.open("rb+") as file:
        if _is_of(file.readline(), user_id, conversation):
            for line in iter(file.readline, b""):
                if not line.endswith(b"\n"):
                    break
                one = json.loads(line)
                if one["type"] == "cursor":
                    place, good = {"cursor": int(one["cursor"])}, file.tell()
                elif one["type"] == "message" and conversation:
                    place, good = {"after": one["seq"]}, file.tell()
        file.truncate(good)
    return place


def _is_of(first: bytes, user_id: str, conversation: str) -> bool:
    try:
        begun = json.loads(first)
        named = begun["user_id"] if begun["type"] == "user" else begun["conversation"]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(named == (user_id or conversation))


async def _alone(settings: Settings, fields: dict[str, Any]) -> list[dict[str, Any]]:
    from suhbat.chat.looking_after import RoomOrder, carry_out

    async with alone(settings, fields) as suhbat:
        report = await carry_out(RoomOrder(**fields), suhbat.node.store, suhbat.node.acting)
    return [line.model_dump(mode="json") for line in report.rooms]


async def _write(settings: Settings, asked: dict[str, Any], file: Any) -> None:
    from suhbat.chat.turns import ExportPace
    from suhbat.http.control import Export, lines

    pace = ExportPace(lambda seconds: asyncio.sleep(0))  # nobody else is here
    async with alone(settings, asked) as suhbat:
        async for piece in await lines(Export(**asked), suhbat.node.store, suhbat.node.people, pace):
            file.write(piece)
