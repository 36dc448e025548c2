"""The messages of a conversation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from suhbat.errors import BadRequest, NotFound
from suhbat.protocol.objects import Message
from suhbat.protocol.types import MAX_INTEGER, MAX_PAGE, ClientId, Seq, Text, Time, Wire

from .parts import House
from .security import SAFE_WRITE, Caller

router = APIRouter(prefix="/conversations/{conversation}/messages", tags=["messages"])

Place = Annotated[int | None, Query(ge=1, le=MAX_INTEGER)]


class NewMessage(Wire):
    """Safe to repeat with the same `client_id`."""

    text: Text
    client_id: ClientId | None = None
    reply_to: Seq | None = None


class Posted(Wire):
    """The message is durable and has its place. `duplicate`: it already had."""

    conversation: str
    seq: int
    ordinal: int
    sent_at: Time
    duplicate: bool


class MessagePage(Wire):
    """Messages, ascending by `seq`; and whether there are more on either side."""

    messages: tuple[Message, ...]
    has_before: bool
    has_after: bool
    head: int


@router.get("")
async def page(
    conversation: str,
    actor: Caller,
    parts: House,
    before: Place = None,
    after: Annotated[int | None, Query(ge=0, le=MAX_INTEGER)] = None,
    around: Place = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> MessagePage:
    """A page of messages: the newest, or those `before`, `after` or `around` a `seq` (one of the three)."""
    if sum(place is not None for place in (before, after, around)) > 1:
        raise BadRequest(reason="give at most one of before, after, around")
    found = await parts.store.history(
        actor, known(conversation), before=before, after=after, around=around, limit=limit
    )
    return MessagePage(messages=found.messages, has_before=found.has_before, has_after=found.has_after, head=found.head)


@router.post(
    "",
    status_code=201,
    dependencies=[SAFE_WRITE],
    responses={200: {"model": Posted, "description": "A repeat: the first answer, with `duplicate` true"}},
)
async def write(conversation: str, body: NewMessage, actor: Caller, parts: House, response: Response) -> Posted:
    """Write to a conversation. The answer comes after the message is on the disk."""
    sent = await parts.messages.post(
        actor,
        conversation=known(conversation),
        text=body.text,
        client_id=body.client_id,
        reply_to=body.reply_to,
    )
    if sent.duplicate:
        response.status_code = 200
    return Posted(
        conversation=sent.conversation,
        seq=sent.seq,
        ordinal=sent.ordinal,
        sent_at=sent.sent_at,
        duplicate=sent.duplicate,
    )


def known(conversation: str) -> str:
    """An id as a path gives it, if it can be one at all; NotFound like for any other that does not exist."""
    if len(conversation) > 64 or not conversation.isprintable():
        raise NotFound()
    return conversation
