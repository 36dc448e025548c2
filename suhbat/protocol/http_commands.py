"""Commands that are given over HTTP only. The others are in `commands`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .commands import V1StateCommand
from .types import MAX_INTEGER, ConversationId, Schema, Seq, Storable

FilterWords = Annotated[
    list[Annotated[str, Field(max_length=100, examples=["spam"]), Storable]], Field(max_length=1_000, fail_fast=True)
]


class AcceptInvite(Schema):
    """Become a member of the room of an invite, which the caller has checked. Does nothing if the room is gone, archived or
    full, or if the person is banned from it. `code_hash`: of an invite that is used once by this, in hexadecimal digits."""

    conversation: ConversationId
    code_hash: str | None = None


class SetFilter(Schema):
    """Replace the words that no message may contain. For the owner of the server."""

    words: FilterWords


class ChangePicture(Schema):
    """Change or remove the picture of a room. The new one is in the context of the command."""

    conversation: ConversationId


class SettleReport(Schema):
    """Close a report, so that it is no longer listed."""

    report: Annotated[int, Field(ge=1, le=MAX_INTEGER, examples=[3])]


class TakeOver(Schema):
    """This node takes the appends of a message of the caller from now on."""

    conversation: ConversationId
    seq: Seq


class SaveGrowing(Schema):
    """Write the text so far of a growing message. `text`: None if it has not changed. `version`: see `tables.growing`."""

    conversation: ConversationId
    seq: Seq
    text: str | None
    version: int


class FinishGrowing(Schema):
    """`Finish`, with what the node knows. `known`: the text so far in its memory; None if it does not know the message.
    `forced`: by the server itself."""

    conversation: ConversationId
    seq: Seq
    text: str | None = None
    cut: bool = False
    known: str | None = None
    forced: bool = False


class AnswerKey(Schema):
    """Use a key with which a bot answers a command or a press of a button. For that bot. `client_id`: of the message that will
    be the answer."""

    key: Annotated[str, Field(max_length=64), Storable]
    client_id: str | None = None


class Press(Schema):
    """Press a button of a message."""

    conversation: ConversationId
    seq: Seq
    action: Annotated[str, Field(max_length=64), Storable]


GrowingCommand = TakeOver | SaveGrowing | FinishGrowing
"""The commands of `chat.growing_messages`."""
StateCommand = (
    V1StateCommand | AcceptInvite | SetFilter | SettleReport | ChangePicture | GrowingCommand | AnswerKey | Press
)
"""Every command that changes stored state, except `Send`. `chat.commands` accepts it, a `CommandWriter` executes it."""
