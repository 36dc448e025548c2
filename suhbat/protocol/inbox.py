"""The pages of messages that concern one user: those that mention or quote them, and those that they saved."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .objects import Message
from .types import Schema, Time

MentionReason = Literal["mention", "reply"]
"""Why a message concerns a user: it mentions them or everybody, or it is a reply that quotes a message of theirs."""
_CURSOR = Field(examples=["1764408600125-7-12"])


class Mention(Schema):
    """A message that concerns the caller. If it mentions them and quotes them, the reason is `mention`. `unread`: whether it is
    above their read mark, or above that of its thread."""

    message: Message
    reason: MentionReason
    unread: bool = Field(examples=[True])


class Mentions(Schema):
    """The newest message first. `cursor`: for the next page; null at the end."""

    mentions: tuple[Mention, ...]
    cursor: str | None = _CURSOR


class SavedMessage(Schema):
    """A message that the caller saved."""

    message: Message
    saved_at: Time


class SavedMessages(Schema):
    """The last saved one first. `cursor`: for the next page; null at the end."""

    saved: tuple[SavedMessage, ...]
    cursor: str | None = _CURSOR
