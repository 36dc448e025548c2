"""Searching for messages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from pydantic import Field

from suhbat.chat.model import Actor, SearchPage
from suhbat.chat.rate import Cost
from suhbat.chat.search import LONGEST, Query, parse
from suhbat.protocol.objects import Message
from suhbat.protocol.types import MAX_INTEGER, Schema
from suhbat.services import Services

from .dependencies import SEARCH, Caller, Served, weighs
from .routing import resource

router = resource(tags=["search"])


class Found(Schema):
    """Newest first. `cursor`: for the next page; null at the end. A page before the end may be short or empty."""

    messages: tuple[Message, ...]
    cursor: str | None = Field(examples=["1842"])


@router.get("/search", dependencies=[SEARCH, weighs(Cost.SEARCH)])
async def search(
    actor: Caller,
    services: Served,
    q: Annotated[str, Parameter(max_length=LONGEST, description="Words, phrases and filters.")] = "",
    conversation: Annotated[
        str | None, Parameter(max_length=64, description="The id of the only conversation to search.")
    ] = None,
    sender: Annotated[
        str | None, Parameter(alias="from", max_length=128, description="The name of the sender.")
    ] = None,
    thread: Annotated[
        int | None,
        Parameter(ge=1, le=MAX_INTEGER, description="The root of the only thread to search, in this conversation."),
    ] = None,
    limit: Annotated[int, Parameter(ge=1, le=100, description="Messages on a page.")] = 20,
    cursor: Annotated[
        int | None, Parameter(ge=1, le=MAX_INTEGER, description="The cursor of the previous page, unchanged.")
    ] = None,
) -> Found:
    """Search the messages that the caller may read. `q` may contain `from:`, `in:`, `before:`, `after:` and `has:link`;
    `in:thread` finds replies in threads."""
    query = parse(q, sender=sender, conversation=conversation, thread=thread)
    page = await find_messages(services, actor, query, limit=limit, below=cursor)
    return Found(messages=page.messages, cursor=None if page.cursor is None else str(page.cursor))


async def find_messages(services: Services, actor: Actor, query: Query, *, limit: int, below: int | None) -> SearchPage:
    """A page of messages that a user may read; `below`: the cursor of the previous page. Raises BadRequest."""
    sender_uid: str | None = None
    if query.sender is not None:
        await services.people.refresh(query.sender)
        person = services.people.find(query.sender)
        if person is None:
            return SearchPage(messages=(), cursor=None)  # an unknown sender has no messages
        sender_uid = person.uid
    return await services.store.search(actor, query, sender_uid, limit=limit, below=below)
