"""The caller's own lists of messages: those that mention or quote them, and those that they saved."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from suhbat.errors import TooManySaved
from suhbat.protocol.commands import Save
from suhbat.protocol.inbox import Mentions, SavedMessages

from .dependencies import READ, SAFE_WRITE, Caller, Served
from .paths import ConversationPath, SeqPath, valid_id
from .refusals import refuses
from .routing import resource

router = resource(tags=["inbox"])

Limit = Annotated[int, Query(ge=1, le=100, description="Messages on a page.")]
Position = Annotated[str | None, Query(max_length=64, description="The cursor of the previous page, unchanged.")]


@router.get("/mentions", dependencies=[READ])
async def mentions(actor: Caller, services: Served, limit: Limit = 50, cursor: Position = None) -> Mentions:
    """The messages that mention the caller, or reply to a message of theirs, the newest first. Those that the caller may no
    longer read are not among them."""
    return await services.store.mentions(actor, cursor=cursor, limit=limit)


@router.get("/saved", dependencies=[READ])
async def saved(actor: Caller, services: Served, limit: Limit = 50, cursor: Position = None) -> SavedMessages:
    """The messages that the caller saved, the last saved one first. Those that the caller may no longer read are not among
    them."""
    return await services.store.saved(actor, cursor=cursor, limit=limit)


@router.put("/saved/{conversation}/{seq}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(TooManySaved)
async def save(conversation: ConversationPath, seq: SeqPath, actor: Caller, services: Served) -> None:
    """Save a message for later."""
    await services.commands.execute(actor, Save(type="save", conversation=valid_id(conversation), seq=seq))


@router.delete("/saved/{conversation}/{seq}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def drop(conversation: ConversationPath, seq: SeqPath, actor: Caller, services: Served) -> None:
    """Remove a message from the saved ones. The message itself stays."""
    await services.commands.execute(actor, Save(type="save", conversation=valid_id(conversation), seq=seq, on=False))
