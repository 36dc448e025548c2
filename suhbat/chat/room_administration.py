"""Commands about rooms that the machine's owner gives with `suhbat room …`. They are executed in the name of the room's owner,
so that the same rules hold and members are told the same."""

from __future__ import annotations

from typing import Literal

from suhbat.errors import BadRequest, NotFound
from suhbat.protocol.commands import Erase, Update
from suhbat.protocol.types import LOBBY, ConversationId, Retention, Wire

from .commands import Commands
from .model import Actor, RoomLine
from .ports import ModerationReader


class RoomCommand(Wire):
    """`erase` a room with all that was said in it; `retention`: the `days` that its messages are kept, 0 for as long as the
    server's setting says; `list` them."""

    verb: Literal["list", "erase", "retention"]
    conversation: ConversationId = ""
    days: Retention = 0


class RoomsReply(Wire):
    """The rooms that a command concerned, as they are now; an erased one is in none."""

    rooms: tuple[RoomLine, ...]


async def execute(command: RoomCommand, store: ModerationReader, commands: Commands) -> RoomsReply:
    """Raises NotFound where there is no such room, BadRequest for a room that nobody owns."""
    if command.verb == "list":
        return RoomsReply(rooms=await store.every_room())
    place = command.conversation
    owner = await reader(store, place)
    line = next((one for one in await store.every_room() if one.conversation == place), None)
    if line is None:
        raise NotFound()
    if line.role != "owner":
        raise BadRequest(reason="nobody owns this room")
    if command.verb == "erase":
        await commands.execute(owner, Erase(type="erase", conversation=place))
    else:
        await commands.execute(owner, Update(type="update", conversation=place, retention=command.days))
    return RoomsReply(rooms=tuple(one for one in await store.every_room() if one.conversation == place))


async def reader(store: ModerationReader, conversation: str) -> Actor:
    """In whose name all of a conversation can be read. Raises NotFound where nobody can."""
    if conversation == LOBBY:
        return Actor(uid="", user_id="", lobby_from=0)
    keeper = await store.keeper(conversation)
    if keeper is None:
        raise NotFound()
    return keeper
