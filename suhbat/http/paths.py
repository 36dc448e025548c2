"""Parameters that several routers have: ids, names and uids."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from suhbat.errors import BadRequest, NotFound
from suhbat.protocol.types import LOBBY, MAX_INTEGER

ConversationPath = Annotated[
    str, Path(description="The id of a conversation: `lobby`, or as `conversations` lists them.", examples=[LOBBY])
]
UserPath = Annotated[str, Path(description="The name of a user.", examples=["vali"])]
UidQuery = Annotated[
    str | None,
    Query(alias="uid", max_length=64, description="Their uid. 404 if the name belongs to another user by now."),
]
SeqPath = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `seq` of a message.", examples=[12])]


def place_in_list(cursor: str) -> int | None:
    """Where the next page of a user's conversations begins; None at the beginning. Raises BadRequest."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal()) or int(cursor) > MAX_INTEGER:
        raise BadRequest(reason='"after" is not of a page of this list')
    return int(cursor)


def valid_id(conversation: str) -> str:
    """The id of a conversation, if it has the form of one. Raises NotFound otherwise, as for an unknown id."""
    if len(conversation) > 64 or not conversation.isprintable():
        raise NotFound()
    return conversation
