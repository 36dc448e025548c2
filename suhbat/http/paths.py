"""Parameters in paths: ids and names."""

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
    Query(alias="uid", max_length=64, description="Their uid. 404 if the name belongs to another user by now."),
]
SeqPath = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `seq` of a message.", examples=[12])]


def known(conversation: str) -> str:
    """The id, if it has the form of one. Raises NotFound otherwise, as for an id that does not exist."""
    if len(conversation) > 64 or not conversation.isprintable():
        raise NotFound()
    return conversation
