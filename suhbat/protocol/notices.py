"""Ephemeral notices: no `seq`, may be dropped when a connection is behind."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .objects import Presence
from .told import ConversationId, Ordinal, Uid, UserId
from .types import Schema


class TypingNotice(Schema):
    """Somebody is writing; show it for a few seconds."""

    type: Literal["typing"] = "typing"
    conversation: ConversationId
    user_id: UserId
    uid: Uid


class PresenceNotice(Schema):
    """Who came and went, gathered over up to a second.

    `whole` (after `hello` and after having been behind): who is not in it is not here, whatever was said before.
    """

    type: Literal["presence"] = "presence"
    users: tuple[Presence, ...]
    whole: bool = Field(default=False, exclude_if=lambda value: not value)


class Receipt(Schema):
    """Somebody has read a conversation up to `ordinal`."""

    type: Literal["receipt"] = "receipt"
    conversation: ConversationId
    user_id: UserId
    uid: Uid
    ordinal: Ordinal


Notice = TypingNotice | PresenceNotice | Receipt
NOTICES: tuple[type[Schema], ...] = (TypingNotice, PresenceNotice, Receipt)
