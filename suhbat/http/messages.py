"""The messages of a conversation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, TypeAdapter, ValidationError

from suhbat.chat.model import Actor
from suhbat.chat.rate import cost_of, weigh
from suhbat.chat.reactions import wanted
from suhbat.errors import BadRequest, IdempotencyConflict, TooManyReactions
from suhbat.protocol.commands import Delete, Edit, Pin, React, Report
from suhbat.protocol.objects import Message, Reaction
from suhbat.protocol.types import LOBBY, MAX_INTEGER, MAX_PAGE, ClientId, Emoji, Reason, Schema, Seq, Text, Time
from suhbat.services import Services

from .dependencies import Served
from .paths import Place, SeqPath, known
from .refusals import refuses
from .security import READ, SAFE_WRITE, Caller

router = APIRouter(prefix="/conversations/{conversation}/messages", tags=["messages"])

EmojiPath = Annotated[str, Path(examples=["👍"])]
At = Annotated[int | None, Query(ge=1, le=MAX_INTEGER)]


class NewMessage(Schema):
    """Safe to repeat with the same `client_id`."""

    text: Text
    client_id: ClientId | None = Field(default=None, examples=["phone-41"])
    reply_to: Seq | None = None


class Posted(Schema):
    """The message is durable and has its place. `duplicate`: it already had."""

    conversation: str = Field(examples=[LOBBY])
    seq: int = Field(examples=[12])
    ordinal: int = Field(examples=[9])
    sent_at: Time
    duplicate: bool


class NewText(Schema):
    text: Text


class Complaint(Schema):
    reason: Reason = ""


class Changed(Schema):
    """`seq` of the event in the conversation's log; where nothing had to change, the head."""

    seq: int = Field(examples=[14])


class MessagePage(Schema):
    """Messages, ascending by `seq`; and whether there are more on either side."""

    messages: tuple[Message, ...]
    has_before: bool
    has_after: bool
    head: int = Field(examples=[12])


class Reacted(Reaction):
    """`count` and `mine` are of all people; `users` and `uids` are those of this page. `cursor`: for the next one, null at
    the end."""

    cursor: str | None = Field(examples=["1842"])


@router.get("", dependencies=[READ])
async def page(
    conversation: Place,
    actor: Caller,
    services: Served,
    before: At = None,
    after: Annotated[int | None, Query(ge=0, le=MAX_INTEGER)] = None,
    around: At = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> MessagePage:
    """A page of messages: the newest, or those `before`, `after` or `around` a `seq` (one of the three)."""
    if sum(place is not None for place in (before, after, around)) > 1:
        raise BadRequest(reason="give at most one of before, after, around")
    found = await services.store.history(
        actor, known(conversation), before=before, after=after, around=around, limit=limit
    )
    return MessagePage(messages=found.messages, has_before=found.has_before, has_after=found.has_after, head=found.head)


@router.post(
    "",
    status_code=201,
    dependencies=[SAFE_WRITE],
    responses={200: {"model": Posted, "description": "A repeat: the first answer, with `duplicate` true"}},
)
@refuses(IdempotencyConflict)
async def write(conversation: Place, body: NewMessage, actor: Caller, services: Served, response: Response) -> Posted:
    """Write to a conversation. The answer comes after the message is on the disk."""
    sent = await services.messages.post(
        actor,
        conversation=known(conversation),
        text=body.text,
        client_id=body.client_id,
        reply_to=body.reply_to,
    )
    services.counts.sends["http"] += 1
    if sent.duplicate:
        response.status_code = 200
    return Posted(
        conversation=sent.conversation,
        seq=sent.seq,
        ordinal=sent.ordinal,
        sent_at=sent.sent_at,
        duplicate=sent.duplicate,
    )


@router.patch("/{seq}", dependencies=[SAFE_WRITE])
async def edit(conversation: Place, seq: SeqPath, body: NewText, actor: Caller, services: Served) -> Changed:
    """Change the text of one's own message."""
    command = Edit(type="edit", conversation=known(conversation), seq=seq, text=body.text)
    weigh(services.limits.rates.meter(actor.uid), cost_of(command), services.clock.steady())
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.delete("/{seq}", dependencies=[SAFE_WRITE])
async def delete(conversation: Place, seq: SeqPath, actor: Caller, services: Served) -> Changed:
    """Delete a message: one's own, or as a moderator of the conversation anybody's. A tombstone stays."""
    command = Delete(type="delete", conversation=known(conversation), seq=seq)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.get("/{seq}/reactions/{emoji}", dependencies=[READ])
async def reactions(
    conversation: Place,
    seq: SeqPath,
    emoji: EmojiPath,
    actor: Caller,
    services: Served,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="People of a page.")] = 50,
    cursor: Annotated[
        int | None, Query(ge=1, le=MAX_INTEGER, description="That of the page before, as it came.")
    ] = None,
) -> Reacted:
    """Who put an emoji under a message, in the order of time."""
    page = await services.store.reactions(
        actor, known(conversation), seq, wanted(_checked(emoji), on=False), after=cursor or 0, limit=limit
    )
    return Reacted(**dict(page.reaction), cursor=None if page.cursor is None else str(page.cursor))


@router.put("/{seq}/reactions/{emoji}", dependencies=[SAFE_WRITE])
@refuses(TooManyReactions)
async def react(conversation: Place, seq: SeqPath, emoji: EmojiPath, actor: Caller, services: Served) -> Changed:
    """Put an emoji under a message."""
    return await _react(conversation, seq, emoji, actor, services, on=True)


@router.delete("/{seq}/reactions/{emoji}", dependencies=[SAFE_WRITE])
async def take_back(conversation: Place, seq: SeqPath, emoji: EmojiPath, actor: Caller, services: Served) -> Changed:
    """Take one's emoji back."""
    return await _react(conversation, seq, emoji, actor, services, on=False)


@router.put("/{seq}/pin", dependencies=[SAFE_WRITE])
async def pin(conversation: Place, seq: SeqPath, actor: Caller, services: Served) -> Changed:
    """Pin a message."""
    command = Pin(type="pin", conversation=known(conversation), seq=seq, on=True)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.delete("/{seq}/pin", dependencies=[SAFE_WRITE])
async def unpin(conversation: Place, seq: SeqPath, actor: Caller, services: Served) -> Changed:
    """Unpin a message."""
    command = Pin(type="pin", conversation=known(conversation), seq=seq, on=False)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


@router.post("/{seq}/reports", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def report(conversation: Place, seq: SeqPath, body: Complaint, actor: Caller, services: Served) -> None:
    """Report a message to the moderators."""
    command = Report(type="report", conversation=known(conversation), seq=seq, reason=body.reason)
    await services.commands.execute(actor, command)


async def _react(conversation: str, seq: int, emoji: str, actor: Actor, services: Services, *, on: bool) -> Changed:
    command = React(type="react", conversation=known(conversation), seq=seq, emoji=_checked(emoji), on=on)
    return Changed(seq=(await services.commands.execute(actor, command)).seq)


def _checked(emoji: str) -> str:
    try:
        return _EMOJI.validate_python(emoji)
    except ValidationError as error:
        custom = "custom_emoji" in str(error)
        raise BadRequest(reason="custom_emoji" if custom else "not_emoji") from None


_EMOJI: TypeAdapter[str] = TypeAdapter(Emoji)
