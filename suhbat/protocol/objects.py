"""The nouns of the wire: users, messages, conversations, presence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .types import ConversationId, Cursor, Ordinal, Seq, Time, Uid, UserId, Wire

UserKind = Literal["guest", "account"]
ConversationKind = Literal["lobby", "direct", "room"]
Role = Literal["owner", "moderator", "member"]
PresenceState = Literal["online", "offline"]


class User(Wire):
    """Who somebody is: `user_id` is the name, `uid` the identity behind it, immutable and never reused."""

    uid: Uid
    user_id: UserId
    kind: UserKind = "guest"


class Person(User):
    """Somebody as others see them. `display_name` is not unique and no proof of anything; `role` is that on the server."""

    display_name: str
    role: Role = "member"


class Profile(Person):
    """An account as its owner sees it. `locale`: a language tag (RFC 5646), or None for what each device says."""

    locale: str | None = None


class Reaction(Wire):
    """One emoji under a message and who chose it."""

    emoji: str
    users: tuple[UserId, ...] = ()
    uids: tuple[Uid, ...] = ()


class Message(Wire):
    """A message, named by `conversation` and the `seq` of its `message.created`.

    `ordinal` counts messages only. A deleted message keeps its place: `deleted` is true and `text` is empty.
    """

    conversation: ConversationId
    seq: Seq
    ordinal: Ordinal
    sender: UserId
    sender_uid: Uid
    text: str
    client_id: str | None = None
    reply_to: Seq | None = None
    sent_at: Time
    edited_at: Time | None = None
    deleted: bool = False
    reactions: tuple[Reaction, ...] = ()


class ConversationState(Wire):
    """A conversation as one of its people sees it. `head` is its last `seq`; a direct's `title` is the other's name."""

    conversation: ConversationId
    kind: ConversationKind
    title: str
    head: Cursor
    last_ordinal: Ordinal = 0
    read_ordinal: Ordinal = 0
    unread: Ordinal = 0
    last_message: Message | None = None
    member_count: int = Field(default=0, ge=0)
    role: Role | None = "member"


class Presence(Wire):
    """Whether somebody is here; `last_seen` is when they left."""

    user_id: UserId
    uid: Uid
    state: PresenceState
    last_seen: Time | None = None
