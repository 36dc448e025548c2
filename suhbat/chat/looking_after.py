"""What the owner of the machine may order about rooms: `suhbat room …`. In the name of who owns the room, so that the same
rules hold, and its members are told the same."""

from __future__ import annotations

from typing import Literal

from suhbat.errors import BadRequest, NotFound
from suhbat.protocol.commands import Erase, Update
from suhbat.protocol.types import LOBBY, ConversationId, Retention, Wire

from .commands import Commands
from .model import Actor, RoomLine
from .ports import ModerationReader


class RoomOrder(Wire):
    """`erase` a room with all that was said in it; `retention`: the `days` that its messages are kept, 0 for as long as the
    server's setting says; `list` them."""

    verb: Literal["list", "erase", "retention"]
    conversation: ConversationId = ""
    days: Retention = 0


class RoomReport(Wire):
    """The rooms that an order was about, as they are now; an erased one is in none."""

    rooms: tuple[RoomLine, ...]


async def carry_out(order: RoomOrder, store: ModerationReader, commands: Commands) -> RoomReport:
    """Raises NotFound for what is no room, BadRequest for a room that nobody owns."""
    if order.verb != "list":
        actor = await reader(store, order.conversation)
        line = next((one for one in await store.every_room() if one.conversation == order.conversation), None)
        if line is None:
            raise NotFound()
        if line.role != "owner":
            raise BadRequest(reason="nobody owns this room")
        command: Erase | Update
        if order.verb == "erase":
            command = Erase(type="erase", conversation=order.conversation)
        else:
            command = Update(type="update", conversation=order.conversation, retention=order.days)
        await commands.execute(actor, command)
    about = await store.every_room()
    if order.verb != "list":
        about = tuple(one for one in about if one.conversation == order.conversation)
    return RoomReport(rooms=about)


async def reader(store: ModerationReader, conversation: str) -> Actor:
    """In whose name all of a conversation can be read. Raises NotFound where nobody can."""
    if conversation == LOBBY:
        return Actor(uid="", user_id="", lobby_from=0)
    keeper = await store.keeper(conversation)
    if keeper is None:
        raise NotFound()
    return keeper
