"""Commands that no dialect has: HTTP alone gives them. The others are in `commands`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .commands import V1StateCommand
from .types import MAX_INTEGER, ConversationId, Schema, Storable

FilterWords = Annotated[
    list[Annotated[str, Field(max_length=100, examples=["spam"]), Storable]], Field(max_length=1_000)
]


class AcceptInvite(Schema):
    """Become a member of the room that an invite leads to. The invite was checked before. A room that is gone, archived or
    full, or from which the person is banned, is passed over: nothing is refused."""

    conversation: ConversationId


class SetFilter(Schema):
    """The words that no message may have from now on. For the owner of the server."""

    words: FilterWords


class SettleReport(Schema):
    """A report was looked at: it is shown no more."""

    report: Annotated[int, Field(ge=1, le=MAX_INTEGER, examples=[3])]


StateCommand = V1StateCommand | AcceptInvite | SetFilter | SettleReport
"""Every command that changes what is stored, but for `Send`. `chat.commands` takes it, `CommandWriter` carries it out."""
