"""The commands and buttons of bots, as clients send and see them."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from .extras import Buttons, MessageButton
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


class NewCommand(Schema):
    """A command that people give with `/name`. `description`: in a list of commands. `usage`: what may follow the name."""

    name: CommandName
    description: Annotated[str, Field(min_length=1, max_length=256, examples=["Ob-havoni aytadi"]), Storable]
    usage: Annotated[str, Field(max_length=100, examples=["<shahar>"]), Storable] = ""


NewCommands = Annotated[list[NewCommand], Field(max_length=MAX_COMMANDS, fail_fast=True)]


class BotCommand(Schema):
    """A command as its bot has registered it."""

    name: str = Field(examples=["ob_havo"])
    description: str = Field(examples=["Ob-havoni aytadi"])
    usage: str = Field(default="", examples=["<shahar>"])


class OfferedCommand(Schema):
    """A command that can be given in a conversation, and the bot that gets it. `native`: the server gives it to the bot instead
    of storing a message; otherwise `/name` is an ordinary message, which the bot reads."""

    name: str = Field(examples=["ob_havo"])
    description: str = Field(examples=["Ob-havoni aytadi"])
    usage: str = Field(default="", examples=["<shahar>"])
    bot: UserId = Field(examples=["ob-havo"])
    bot_uid: Uid
    native: bool = Field(default=True, examples=[True])


MAX_BUTTONS, MAX_IN_ROW = 100, 8
"""Buttons of a message, and of one of its rows."""


_LINK = re.compile(r"https?://[^\s/?#\\@]+(?:[/?#]\S*)?")


def is_link(url: str) -> bool:
    """Whether an address may be that of a button: as in texts, it has no user before its host, which would be taken for it, and
    no characters that people do not see."""
    return _LINK.fullmatch(url) is not None and url.isprintable()


def _link(url: str) -> str:
    if not is_link(url):
        raise ValueError("button.url")
    return url


class NewButton(Schema):
    """A button of a message: `label` with an `id`, which its bot is told when somebody presses it, or with a `url` that it
    opens."""

    label: Annotated[str, Field(min_length=1, max_length=64, examples=["Ha"]), Storable]
    id: Annotated[str, Field(min_length=1, max_length=64, examples=["yes"]), Storable] | None = None
    url: (
        Annotated[
            str,
            Field(max_length=2048, pattern=r"^https?://[^\s]+$", examples=["https://example.org/plov"]),
            Storable,
            AfterValidator(_link),
        ]
        | None
    ) = Field(default=None, examples=["https://example.org/plov"])

    @model_validator(mode="after")
    def _one_effect(self) -> Self:
        if (self.id is None) == (self.url is None):
            raise ValueError("button.effect")
        return self


def _not_too_many(rows: Rows) -> Rows:
    ids = [button.id for row in rows for button in row if button.id is not None]
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise ValueError("buttons.many")
    if len(set(ids)) < len(ids):
        raise ValueError("button.twice")
    return rows


Rows = tuple[tuple[NewButton, ...], ...]
NewButtons = Annotated[
    tuple[
        Annotated[tuple[NewButton, ...], Field(min_length=1, max_length=MAX_IN_ROW, strict=False, fail_fast=True)], ...
    ],
    Field(max_length=MAX_BUTTONS, strict=False, examples=[[[{"label": "Ha", "id": "yes"}]]], fail_fast=True),
    AfterValidator(_not_too_many),
]
"""Rows of buttons, at most 100 in all. Not strict: the body of a request has lists by then."""


def buttons_of(rows: Rows) -> Buttons:
    """The buttons as a message has them."""
    return tuple(tuple(MessageButton(label=one.label, id=one.id, url=one.url) for one in row) for row in rows)
