"""What can be asked of the bots in a conversation, and their answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from pydantic import Field
from starlette.convertors import PathConvertor, register_url_convertor

from suhbat.errors import BadRequest, Forbidden, NotFound
from suhbat.protocol.bots import OfferedCommand
from suhbat.protocol.events import REPLY_KEY
from suhbat.protocol.http_commands import AnswerKey, Press
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.notices import ReplyNotice
from suhbat.protocol.replies import encode
from suhbat.protocol.types import LOBBY, ClientId, Schema, Text

from .dependencies import READ, SAFE_WRITE, Caller, Served
from .paths import ConversationPath, SeqPath, valid_id
from .refusals import refuses
from .routing import resource


class _Anything(PathConvertor):
    """The rest of a path, with slashes and line breaks: bots of Telegram's kind give their buttons any id."""

    regex = "(?s:.+)"


register_url_convertor("anything", _Anything())

router = resource(tags=["bots"])


class OfferedCommands(Schema):
    commands: tuple[OfferedCommand, ...]


class NewAnswer(Schema):
    """`private`: only the user who asked sees it, on the devices that are connected now. Otherwise it is a message of the
    bot, which is safe to repeat with the same `client_id`."""

    text: Text
    private: bool = Field(default=False, examples=[True])
    client_id: ClientId | None = Field(default=None, examples=["answer-41"])


class Answered(Schema):
    """`seq`: of the message; null for a private answer."""

    conversation: str = Field(examples=[LOBBY])
    seq: int | None = Field(examples=[12])


@router.get("/conversations/{conversation}/commands", dependencies=[READ])
async def offered(conversation: ConversationPath, actor: Caller, services: Served) -> OfferedCommands:
    """The commands that can be given in a conversation, for a client that completes what begins with `/`: by the name of the
    bot, then in its order."""
    return OfferedCommands(commands=await services.store.commands_in(actor, valid_id(conversation)))


@router.post(
    "/conversations/{conversation}/messages/{seq}/actions/{action:anything}",
    status_code=204,
    response_class=Response,
    dependencies=[SAFE_WRITE],
)
@refuses(BadRequest)
async def press(
    conversation: ConversationPath,
    seq: SeqPath,
    action: Annotated[str, Path(max_length=64, examples=["yes"])],
    actor: Caller,
    services: Served,
) -> None:
    """Press a button of a message. Its bot gets `action.pressed`. 404 if the message, its button or the bot is gone."""
    if "\0" in action:
        raise NotFound
    await services.commands.execute(actor, Press(conversation=valid_id(conversation), seq=seq, action=action))
    services.counts.invocations.add("button")


@router.post("/command-replies/{key}", status_code=201, dependencies=[SAFE_WRITE])
@refuses(NotFound, Forbidden)
async def answer(
    key: Annotated[str, Path(max_length=64, examples=[REPLY_KEY])], body: NewAnswer, actor: Caller, services: Served
) -> Answered:
    """Answer a command or a press of a button, for the bot that got it, within 30 minutes and at most five times. A public
    answer is a message in the conversation, or in the thread from which the bot was asked."""
    client_id = None if body.private else body.client_id
    asked = await services.commands.execute(actor, AnswerKey(key=valid_id(key), client_id=client_id))
    assert asked.asked is not None
    to, thread = asked.asked.uid, asked.asked.thread
    if not body.private:
        sent = await services.messages.post(
            actor, conversation=asked.conversation, text=body.text, client_id=body.client_id, thread=thread
        )
        return Answered(conversation=sent.conversation, seq=sent.seq)
    notice = ReplyNotice(
        conversation=asked.conversation, user_id=actor.user_id, uid=actor.uid, text=body.text, thread=thread
    )
    services.hub.notices.broadcast(own_log(to), encode(notice))
    return Answered(conversation=asked.conversation, seq=None)
