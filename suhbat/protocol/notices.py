"""Ephemeral notices. They have no `seq`, and may be dropped while a connection is behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from .files import File
from .objects import Person, Presence
from .sent_types import ConversationId, Count, Ordinal, Seq, Uid, UserId
from .types import Schema


class TypingNotice(Schema):
    """Somebody is writing; show it for a few seconds."""

    type: Literal["typing"] = "typing"
    conversation: ConversationId
    user_id: UserId
    uid: Uid


class PresenceNotice(Schema):
    """Changes of presence, collected for up to a second.

    `whole` (after `hello`, and after the connection was behind): the list is complete, and everybody else is offline.
    """

    type: Literal["presence"] = "presence"
    users: tuple[Presence, ...]
    whole: bool = Field(default=False, exclude_if=lambda value: not value)


def whole_presence(users: Iterable[bytes]) -> bytes:
    """An encoded `PresenceNotice` with `whole`, from its encoded users; several may be joined with commas. It is sent at every
    opening, and its parts are shared."""
    return b'{"type":"presence","users":[%b],"whole":true}' % b",".join(users)


class Receipt(Schema):
    """Somebody has read a conversation up to `ordinal`."""

    type: Literal["receipt"] = "receipt"
    conversation: ConversationId
    user_id: UserId
    uid: Uid
    ordinal: Ordinal


class UsersNotice(Schema):
    """These users have a new display name or picture, or are accounts now; collected for up to a second.

    A connection that was behind may have missed one: after a `presence` with `whole`, known names may be outdated.
    """

    type: Literal["users"] = "users"
    users: tuple[Person, ...]


class ReplyNotice(Schema):
    """A bot answers your command, or your press of its button, so that nobody else sees it. It is stored nowhere."""

    type: Literal["reply"] = "reply"
    conversation: ConversationId
    user_id: UserId
    uid: Uid
    text: str = Field(examples=["Toshkentda 24°"])
    thread: Seq | None = Field(default=None, exclude_if=lambda value: value is None)


class FileNotice(Schema):
    """A file that you have uploaded is ready, and can be sent."""

    type: Literal["file"] = "file"
    file: File


class MessageAppend(Schema):
    """A message has grown: keep the first `offset` characters (Unicode code points) of its text, and add `text`. With `offset`
    0 it is the whole text so far. Drop the notice if you have fewer characters."""

    type: Literal["message.append"] = "message.append"
    conversation: ConversationId
    seq: Seq
    offset: Count = Field(examples=[14])
    text: str = Field(examples=[" osh damlash"])


Notice = TypingNotice | PresenceNotice | Receipt | UsersNotice | FileNotice | MessageAppend | ReplyNotice
NOTICES: tuple[type[Schema], ...] = (
    TypingNotice,
    PresenceNotice,
    Receipt,
    UsersNotice,
    FileNotice,
    MessageAppend,
    ReplyNotice,
)
