"""Threads: the caller's own, and following them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Query
from pydantic import Field

from suhbat.chat.rate import charge, cost_of
from suhbat.protocol.commands import ChangeThread, ThreadChanges
from suhbat.protocol.objects import Message, Thread
from suhbat.protocol.sent_types import ConversationId
from suhbat.protocol.types import Schema

from .dependencies import READ, SAFE_WRITE, Caller, Served
from .paths import ConversationPath, SeqPath, valid_id
from .routing import resource

router = resource(tags=["threads"])


class Followed(Thread):
    """A thread that the caller follows. `message`: its root."""

    conversation: ConversationId
    message: Message


class Threads(Schema):
    """Those with the latest replies first. `cursor`: for the next page; null at the end."""

    threads: tuple[Followed, ...]
    cursor: str | None = Field(examples=["1764408600125-7-12"])


class Following(Schema):
    """`follow`: whether the caller follows the thread now; `thread`: its state then, null otherwise."""

    follow: bool = Field(examples=[True])
    thread: Thread | None


@router.get("/threads", dependencies=[READ])
async def index(
    actor: Caller,
    services: Served,
    unread: bool = False,
    limit: Annotated[int, Query(ge=1, le=100, description="Threads on a page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=64, description="The cursor of the previous page, unchanged.")
    ] = None,
) -> Threads:
    """The threads that the caller follows; with `unread`, only those with unread replies."""
    page = await services.store.threads(actor, unread=unread, cursor=cursor, limit=limit)
    found = tuple(
        Followed(**dict(one.thread), conversation=one.conversation, message=one.message) for one in page.threads
    )
    return Threads(threads=found, cursor=page.cursor)


@router.put("/conversations/{conversation}/threads/{seq}", dependencies=[SAFE_WRITE])
async def change(
    conversation: ConversationPath,
    seq: SeqPath,
    body: Annotated[ThreadChanges, Body(default_factory=ThreadChanges)],
    actor: Caller,
    services: Served,
) -> Following:
    """Follow the thread of the message `seq`, or no longer; mark it as read up to a `thread_ordinal`. Following begins with
    everything read, if nothing else is asked for."""
    command = ChangeThread(type="thread", conversation=valid_id(conversation), seq=seq, **body.model_dump())
    charge(services.limits.rates.meter(actor.uid), cost_of(command), services.clock.steady())
    result = await services.commands.execute(actor, command)
    return Following(follow=result.thread is not None, thread=result.thread)
