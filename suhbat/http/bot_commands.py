"""What can be asked of the bots in a conversation."""

from __future__ import annotations

from fastapi import APIRouter

from suhbat.protocol.bots import OfferedCommand
from suhbat.protocol.types import Schema

from .dependencies import READ, Caller, Served
from .paths import ConversationPath, valid_id

router = APIRouter(prefix="/conversations/{conversation}", tags=["bots"])


class OfferedCommands(Schema):
    commands: tuple[OfferedCommand, ...]


@router.get("/commands", dependencies=[READ])
async def offered(conversation: ConversationPath, actor: Caller, services: Served) -> OfferedCommands:
    """The commands that can be given in a conversation, for a client that completes what begins with `/`: by the name of the
    bot, then in its order."""
    return OfferedCommands(commands=await services.store.commands_in(actor, valid_id(conversation)))
