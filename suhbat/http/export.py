"""Exports of one's own data and of a conversation as JSON Lines, sent while they are read from the store.

An interrupted export is continued with `after` (the last received `seq`) or `cursor` (of the last received line).
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse

from suhbat.chat.rate import Cost
from suhbat.identity.export import export_conversation, export_user
from suhbat.protocol.examples import example
from suhbat.protocol.objects import Message
from suhbat.protocol.types import MAX_INTEGER

from .dependencies import EXPORT, Caller, Served, weighs
from .paths import ConversationPath, valid_id
from .routing import resource

router = resource(tags=["export"])

MEDIA_TYPE = "application/jsonl"


def _example() -> str:
    schema = Message.model_json_schema(mode="serialization")
    return json.dumps({"type": "message"} | example(schema, schema["$defs"]), ensure_ascii=False) + "\n"


_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "examples": [_example()]}}},
        "description": "One JSON object a line",
    }
}


@router.get(
    "/conversations/{conversation}/export",
    response_class=StreamingResponse,
    responses=_LINES,
    dependencies=[EXPORT, weighs(Cost.EXPORT)],
)
async def conversation(
    conversation: ConversationPath,
    actor: Caller,
    services: Served,
    after: Annotated[int, Query(ge=0, le=MAX_INTEGER)] = 0,
) -> StreamingResponse:
    """Everything that the caller may read of a conversation, as JSON Lines: its state, then the messages in ascending order.
    To continue an interrupted export, give the `seq` of the last message as `after`."""
    conversation = valid_id(conversation)
    await services.store.history(actor, conversation, limit=1)  # refuse before the first byte
    return StreamingResponse(
        export_conversation(services.store, services.limits.reads.export_pace, actor, conversation, after),
        media_type=MEDIA_TYPE,
    )


@router.get(
    "/me/export", response_class=StreamingResponse, responses=_LINES, dependencies=[EXPORT, weighs(Cost.EXPORT)]
)
async def me(
    actor: Caller, services: Served, cursor: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None
) -> StreamingResponse:
    """The data of the caller, as JSON Lines: the profile, the e-mail address, the sessions, the devices with pushes, the
    bots with their commands, the webhooks, the conversations (with read marks, levels of notification and drafts), the saved
    messages, those that mention the caller or reply to them, and the caller's messages in conversations that they may still
    read, newest first. After every hundred of these there is a line with a `cursor`, with which an interrupted export can be
    continued."""
    return StreamingResponse(
        export_user(services.store, services.limits.reads.export_pace, services.people, actor, cursor),
        media_type=MEDIA_TYPE,
    )
