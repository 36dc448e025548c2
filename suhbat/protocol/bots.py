"""The commands and buttons of bots, as clients send and see them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from .sent_types import Uid, UserId
from .types import Schema, Storable

MAX_COMMANDS = 100
"""Commands of a bot, as many as in Telegram."""


def _one_word(name: str) -> str:
    if not _COMMAND.fullmatch(name):
        raise ValueError("command.name")
    return name


_COMMAND = re.compile(r"[a-z0-9_]{1,32}")

CommandName = Annotated[str, Field(max_length=32, examples=["ob_havo"]), AfterValidator(_one_word)]
"""Up to 32 letters a–z, digits and `_`, as in Telegram. People may type it in any case."""


class BotCommand(Schema):
    """A command that people give with `/name`. `description`: in a list of commands. `usage`: what may follow the name."""

    name: CommandName
    description: Annotated[str, Field(min_length=1, max_length=256, examples=["Ob-havoni aytadi"]), Storable]
    usage: Annotated[str, Field(max_length=100, examples=["<shahar>"]), Storable] = ""


BotCommands = Annotated[list[BotCommand], Field(max_length=MAX_COMMANDS)]


class OfferedCommand(Schema):
    """A command that can be given in a conversation, and the bot that gets it. `native`: the server gives it to the bot instead
    of storing a message; otherwise `/name` is an ordinary message, which the bot reads."""

    name: str = Field(examples=["ob_havo"])
    description: str = Field(examples=["Ob-havoni aytadi"])
    usage: str = Field(default="", examples=["<shahar>"])
    bot: UserId = Field(examples=["ob-havo"])
    bot_uid: Uid
    native: bool = Field(default=True, examples=[True])
