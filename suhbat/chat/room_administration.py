"""Commands about rooms that the machine's owner gives with `suhbat room …`. They are executed in the name of the room's owner,
so that the same rules apply and members get the same events."""

from __future__ import annotations

from typing import Literal

from suhbat.errors import BadRequest, NotFound
from suhbat.protocol.commands import Erase, Update
from suhbat.protocol.types import LOBBY, ConversationId, Retention, Schema

from .commands import Commands
from .model import Actor, RoomLine
from .ports import ModerationReader


class RoomCommand(Schema):
    """One command. `conversation`: the room's id, unused by `list`; `days`: for `retention`, how long its messages are kept,
    0 for the server's setting."""

    verb: Literal["list", "erase", "retention"]
    conversation: ConversationId = ""
    days: Retention = 0


class RoomsReply(Schema):
    """The rooms that a command concerned, as they are now. An erased room is not among them."""

    rooms: tuple[RoomLine, ...]


async def execute(command: RoomCommand, store: ModerationReader, commands: Commands) -> RoomsReply:
    """Raises NotFound if there is no such room, BadRequest if nobody owns it, and the errors of Erase and Update."""
    if command.verb == "list":
        return RoomsReply(rooms=await store.every_room())
    room = command.conversation
    owner = await reader(store, room)
    line = next((one for one in await store.every_room() if one.conversation == room), None)
    if line is None:
        raise NotFound()
    if line.role != "owner":
        raise BadRequest(reason="nobody owns this room")
    if command.verb == "erase":
        await commands.execute(owner, Erase(type="erase", conversation=room))
    else:
        await commands.execute(owner, Update(type="update", conversation=room, retention=command.days))
    return RoomsReply(rooms=tuple(one for one in await store.every_room() if one.conversation == room))


async def reader(store: ModerationReader, conversation: str) -> Actor:
    """An actor who may read all of a conversation. Raises NotFound if there is no such conversation or nobody is in it."""
    if conversation == LOBBY:
        return Actor(uid="", user_id="", lobby_from=0)
    senior = await store.senior(conversation)
    if senior is None:
        raise NotFound()
    return senior
