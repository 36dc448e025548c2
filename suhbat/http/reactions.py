"""The reactions to a message."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field, TypeAdapter, ValidationError

from suhbat.chat.model import Actor
from suhbat.chat.reactions import valid_emoji
from suhbat.errors import BadRequest, TooManyReactions
from suhbat.protocol.commands import React
from suhbat.protocol.objects import Reaction
from suhbat.protocol.types import MAX_INTEGER, MAX_PAGE, Emoji
from suhbat.services import Services

from .dependencies import READ, SAFE_WRITE, Caller, Served
from .messages import Changed
from .paths import ConversationPath, SeqPath, valid_id
from .refusals import refuses
from .routing import resource

router = resource("/conversations/{conversation}/messages/{seq}/reactions/{emoji}", tags=["messages"])

EmojiPath = Annotated[str, Path(examples=["👍"])]


class Reacted(Reaction):
    """`count` and `mine` regard all people; `users` and `uids` are those of this page. `cursor`: for the next page; null at the
    end."""

    cursor: str | None = Field(examples=["1842"])


@router.get("", dependencies=[READ])
async def reactions(
    conversation: ConversationPath,
    seq: SeqPath,
    emoji: EmojiPath,
    actor: Caller,
    services: Served,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="People on a page.")] = 50,
    cursor: Annotated[
        int | None, Query(ge=1, le=MAX_INTEGER, description="The cursor of the previous page, unchanged.")
    ] = None,
) -> Reacted:
    """The people who reacted to a message with an emoji, in the order of time."""
    page = await services.store.reactions(
        actor, valid_id(conversation), seq, valid_emoji(_checked(emoji), on=False), after=cursor or 0, limit=limit
    )
    return Reacted(**dict(page.reaction), cursor=None if page.cursor is None else str(page.cursor))


@router.put("", dependencies=[SAFE_WRITE])
@refuses(TooManyReactions)
async def react(
    conversation: ConversationPath, seq: SeqPath, emoji: EmojiPath, actor: Caller, services: Served
) -> Changed:
    """React to a message with an emoji."""
    return await _react(conversation, seq, emoji, actor, services, on=True)


@router.delete("", dependencies=[SAFE_WRITE])
async def take_back(
    conversation: ConversationPath, seq: SeqPath, emoji: EmojiPath, actor: Caller, services: Served
) -> Changed:
    """Remove one's reaction."""
    return await _react(conversation, seq, emoji, actor, services, on=False)


async def _react(conversation: str, seq: int, emoji: str, actor: Actor, services: Services, *, on: bool) -> Changed:
    command = React(type="react", conversation=valid_id(conversation), seq=seq, emoji=_checked(emoji), on=on)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


def _checked(emoji: str) -> str:
    try:
        return _EMOJI.validate_python(emoji)
    except ValidationError as error:
        raise BadRequest(reason="custom_emoji" if "custom_emoji" in str(error) else "not_emoji") from None


_EMOJI: TypeAdapter[str] = TypeAdapter(Emoji)
