"""One's own data, and a conversation, as JSON Lines: a line for each thing, written as it is read.

An export that broke off goes on where it stopped: with `after` (the last `seq` that came) or `cursor` (of the last line).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from suhbat.chat.model import Actor
from suhbat.chat.search import Query as Search
from suhbat.protocol.types import MAX_INTEGER, MAX_PAGE, Wire, format_time

from .me import profile
from .parts import House, Parts
from .paths import Place, known
from .security import Caller

router = APIRouter(tags=["export"])

MEDIA_TYPE = "application/jsonl"
AT_ONCE = 100
_LINES: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "A line for each thing"}
}


@router.get("/conversations/{conversation}/export", response_class=StreamingResponse, responses=_LINES)
async def conversation(
    conversation: Place,
    actor: Caller,
    parts: House,
    after: Annotated[int, Query(ge=0, le=MAX_INTEGER)] = 0,
) -> StreamingResponse:
    """Everything that the caller may read of a conversation, as JSON Lines: its state, then the messages, ascending. To go on
    with an export that broke off, give the `seq` of the last message as `after`."""
    name = known(conversation)
    state = await parts.store.state(actor, name)
    await parts.store.history(actor, name, limit=1)  # refuse before the first byte

    async def lines() -> AsyncIterator[bytes]:
        if not after:
            yield _line("conversation", state)
        place = after
        while True:
            page = await parts.store.history(actor, name, after=place, limit=MAX_PAGE)
            for message in page.messages:
                yield _line("message", message)
            if not page.messages or not page.has_after:
                return
            place = page.messages[-1].seq

    return StreamingResponse(lines(), media_type=MEDIA_TYPE)


@router.get("/me/export", response_class=StreamingResponse, responses=_LINES)
async def me(
    actor: Caller, parts: House, cursor: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None
) -> StreamingResponse:
    """What the server holds of the caller, as JSON Lines: who they are, their sessions and conversations (with read marks and
    drafts), and every message they wrote where they may still read, newest first. After every hundred messages comes a line
    with a `cursor`, from which an export that broke off can go on."""

    async def lines() -> AsyncIterator[bytes]:
        if cursor is None:
            async for line in _who(actor, parts):
                yield line
        below = cursor
        while True:
            page = await parts.store.search(actor, Search(), actor.uid, limit=AT_ONCE, below=below)
            for message in page.messages:
                yield _line("message", message)
            if page.cursor is None:
                return
            below = page.cursor
            yield json.dumps({"type": "cursor", "cursor": str(below)}).encode() + b"\n"

    return StreamingResponse(lines(), media_type=MEDIA_TYPE)


async def _who(actor: Actor, parts: Parts) -> AsyncIterator[bytes]:
    account = parts.people.accounts.of_uid(actor.uid)
    yield _line("user", actor.user if account is None else profile(account))
    if account is not None:
        for session in await parts.people.sessions.of(actor.uid):
            shown = {"id": session.id, "label": session.label, "created_at": format_time(session.created_at)}
            yield json.dumps({"type": "session", **shown}).encode() + b"\n"
    for state in (await parts.store.opening(actor)).states:
        yield _line("conversation", state)


def _line(kind: str, thing: Wire) -> bytes:
    return json.dumps({"type": kind} | json.loads(thing.model_dump_json()), ensure_ascii=False).encode() + b"\n"
