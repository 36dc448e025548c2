"""Parts of paths: what can be an id or a name at all."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from suhbat.errors import NotFound
from suhbat.protocol.types import LOBBY, MAX_INTEGER

Place = Annotated[
    str, Path(description="The id of a conversation: `lobby`, or as `conversations` lists them.", examples=[LOBBY])
]
Person = Annotated[str, Path(description="The name of somebody.", examples=["vali"])]
WhoseUid = Annotated[
    str | None,
    Query(
        alias="uid", max_length=64, description="Theirs; if the name is somebody else's by now, there is nobody of it."
    ),
]
SeqPath = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `seq` of a message.", examples=[12])]


def known(conversation: str) -> str:
    """An id as a path gives it, if it can be one at all; NotFound like for any other that does not exist."""
    if len(conversation) > 64 or not conversation.isprintable():
        raise NotFound()
    return conversation
