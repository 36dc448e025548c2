"""The files of a conversation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from suhbat.protocol.files import File, FileKind
from suhbat.protocol.sent_types import Seq, Uid, UserId
from suhbat.protocol.types import MAX_INTEGER, MAX_PAGE, Schema, Time

from .dependencies import READ, Caller, Served
from .paths import ConversationPath, valid_id
from .routing import resource

router = resource("/conversations/{conversation}/files", tags=["files"])


class Shared(Schema):
    """A file, and the message that shows it: its `seq`, its sender, and when it was sent."""

    file: File
    seq: Seq
    sender: UserId
    sender_uid: Uid
    sent_at: Time


class SharedPage(Schema):
    """Files, newest first. `before`: for the next page; null at the end."""

    files: tuple[Shared, ...]
    before: int | None = Field(examples=[12])


@router.get("", dependencies=[READ])
async def page(
    conversation: ConversationPath,
    actor: Caller,
    services: Served,
    kind: Annotated[FileKind | None, Query(description="Only files of this kind.")] = None,
    before: Annotated[int | None, Query(ge=1, le=MAX_INTEGER, description="Below this `seq`.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Files on a page; the last message is whole.")] = 50,
) -> SharedPage:
    """What was shared in a conversation, as far as the caller may read it, newest first."""
    found = await services.store.shared_files(actor, valid_id(conversation), kind=kind, before=before, limit=limit)
    return SharedPage.model_validate(found, from_attributes=True)
