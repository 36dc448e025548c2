"""One's own data, and a conversation, as JSON Lines: a line for each thing, written as it is read.

An export that broke off goes on where it stopped: with `after` (the last `seq` that came) or `cursor` (of the last line).
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from suhbat.chat.rate import Cost
from suhbat.identity.export import of_conversation, of_person
from suhbat.protocol.examples import example
from suhbat.protocol.objects import Message
from suhbat.protocol.types import MAX_INTEGER

from .dependencies import Served
from .paths import Place, known
from .security import EXPORT, Caller, weighs

router = APIRouter(tags=["export"])

MEDIA_TYPE = "application/jsonl"


def _example() -> str:
    schema = Message.model_json_schema(mode="serialization")
    return json.dumps({"type": "message"} | example(schema, schema["$defs"]), ensure_ascii=False) + "\n"


_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "examples": [_example()]}}},
        "description": "A line for each thing",
    }
}


@router.get(
    "/conversations/{conversation}/export",
    response_class=StreamingResponse,
    responses=_LINES,
    dependencies=[EXPORT, weighs(Cost.EXPORT)],
)
async def conversation(
    conversation: Place,
    actor: Caller,
    services: Served,
    after: Annotated[int, Query(ge=0, le=MAX_INTEGER)] = 0,
) -> StreamingResponse:
    """Everything that the caller may read of a conversation, as JSON Lines: its state, then the messages, ascending. To go on
    with an export that broke off, give the `seq` of the last message as `after`."""
    name = known(conversation)
    await services.store.history(actor, name, limit=1)  # refuse before the first byte
    return StreamingResponse(
        of_conversation(services.store, services.limits.reads.export_pace, actor, name, after), media_type=MEDIA_TYPE
    )


@router.get(
    "/me/export", response_class=StreamingResponse, responses=_LINES, dependencies=[EXPORT, weighs(Cost.EXPORT)]
)
async def me(
    actor: Caller, services: Served, cursor: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None
) -> StreamingResponse:
    """What the server holds of the caller, as JSON Lines: who they are, their sessions and conversations (with read marks and
    drafts), and every message they wrote where they may still read, newest first. After every hundred messages comes a line
    with a `cursor`, from which an export that broke off can go on."""
    return StreamingResponse(
        of_person(services.store, services.limits.reads.export_pace, services.people, actor, cursor),
        media_type=MEDIA_TYPE,
    )
