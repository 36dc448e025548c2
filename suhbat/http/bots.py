"""Bots: accounts that belong to the caller, and the commands that they offer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from suhbat.chat.erasing import erase_all
from suhbat.chat.model import Account, Actor
from suhbat.errors import BadRequest, InvalidName, NameInUse, NameTaken, NotFound
from suhbat.identity.bots import BotMakers
from suhbat.identity.profile import person_of
from suhbat.protocol.bots import BotCommand, NewCommands
from suhbat.protocol.objects import Person
from suhbat.protocol.types import BOT_TOKEN, NewName, Schema, Storable
from suhbat.services import Services

from .dependencies import READ, SAFE_WRITE, Caller, Served, weighs
from .paths import UserPath
from .refusals import refuses
from .routing import resource

router = resource("/bots", tags=["bots"])

MAKING = 5
"""Making a bot or a token costs as much as so many messages."""


class NewBot(Schema):
    user_id: NewName = Field(examples=["ob-havo"])
    display_name: Annotated[str, Storable] | None = Field(default=None, examples=["Ob-havo"])


class BotMade(Schema):
    """The token is shown only this once; the bot sends it as `Authorization: Bearer …` or in `hello`."""

    user: Person
    token: str = Field(examples=[BOT_TOKEN])


class BotToken(Schema):
    """It is shown only this once."""

    token: str = Field(examples=[BOT_TOKEN])


class BotList(Schema):
    """`makers`: who may make bots, the setting `bots`."""

    bots: tuple[Person, ...]
    makers: BotMakers


class CommandList(Schema):
    commands: tuple[BotCommand, ...]


@router.post("", status_code=201, dependencies=[SAFE_WRITE, weighs(MAKING)])
@refuses(NameTaken, NameInUse, InvalidName)
async def create(body: NewBot, actor: Caller, services: Served) -> BotMade:
    """Make a bot, an account that belongs to the caller. It can be in rooms in which the caller is, with a role that is at most
    the caller's. The setting `bots` says who may make them; an account has at most 20."""
    account, token = await services.bots.create(actor, body.user_id, body.display_name)
    return BotMade(user=person_of(account), token=token)


@router.get("", dependencies=[READ])
async def index(actor: Caller, services: Served) -> BotList:
    """The caller's bots, the oldest first, and who may make bots."""
    return BotList(bots=tuple(map(person_of, services.bots.of(actor))), makers=services.bots.makers)


@router.post("/{user_id}/token", status_code=201, dependencies=[SAFE_WRITE, weighs(MAKING)])
@refuses(NotFound)
async def new_token(user_id: UserPath, actor: Caller, services: Served) -> BotToken:
    """Make a new token for one of the caller's bots. The one before is not valid any more, its connections are closed (4505),
    and a webhook that was set with Telegram's Bot API ends."""
    return BotToken(token=await services.bots.rotate(services.bots.require(actor, user_id)))


@router.get("/{user_id}", dependencies=[READ])
@refuses(NotFound)
async def show(user_id: UserPath, actor: Caller, services: Served) -> Person:
    """One of the caller's bots. Nothing shows a token again."""
    return person_of(services.bots.require(actor, user_id))


@router.delete("/{user_id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(NotFound)
async def erase(user_id: UserPath, actor: Caller, services: Served) -> None:
    """Erase one of the caller's bots. Its messages are kept under "deleted account"."""
    await services.bots.erase(services.bots.require(actor, user_id))
    services.tasks.start(erase_all(services.store, services.clock))


@router.get("/{user_id}/commands", dependencies=[READ])
@refuses(NotFound)
async def commands(user_id: UserPath, actor: Caller, services: Served) -> CommandList:
    """The commands of one of the caller's bots, or of the calling bot."""
    return CommandList(commands=await services.store.bot_commands(_bot(user_id, actor, services).uid))


@router.put("/{user_id}/commands", dependencies=[SAFE_WRITE])
@refuses(NotFound, BadRequest)
async def set_commands(user_id: UserPath, body: NewCommands, actor: Caller, services: Served) -> CommandList:
    """Replace the commands of one of the caller's bots, or of the calling bot; at most 100. From then on a text that begins
    with `/name` or `/name@bot` in a conversation with the bot is given to it as `command.invoked`, and is no message."""
    bot = _bot(user_id, actor, services)
    if len({one.name for one in body}) < len(body):
        raise BadRequest(reason="command.twice")
    commands = tuple(BotCommand(**dict(one)) for one in body)
    await services.bots.set_commands(bot, commands)
    return CommandList(commands=commands)


def _bot(user_id: str, actor: Actor, services: Services) -> Account:
    """The bot with this name, if it is the caller or belongs to them. Raises NotFound."""
    account = services.people.accounts.of_uid(actor.uid)
    itself = services.people.accounts.of_name(user_id)
    if account is not None and account is itself and account.owner_uid is not None:
        return account
    return services.bots.require(actor, user_id)
