"""The nouns of the wire: users, messages, conversations, presence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .told import ConversationId, Count, Cursor, Days, Ordinal, Seconds, Seq, Uid, UserId
from .types import Schema, Time

UserKind = Literal["guest", "account"]
ConversationKind = Literal["lobby", "direct", "room"]
Role = Literal["owner", "moderator", "member"]
PresenceState = Literal["online", "offline"]
Visibility = Literal["public", "private"]
HistoryFrom = Literal["joined", "all"]
AddedBy = Literal["everyone", "known", "nobody"]


class User(Schema):
    """Who somebody is: `user_id` is the name, `uid` the identity behind it, immutable and never reused."""

    uid: Uid
    user_id: UserId
    kind: UserKind = Field(default="guest", examples=["account"])


class Person(User):
    """Somebody as others see them. `display_name` is not unique and no proof of anything; `role` is that on the server."""

    display_name: str = Field(examples=["Ali Valiyev"])
    role: Role = "member"


class Profile(Person):
    """An account as its owner sees it. `locale`: a language tag (RFC 5646), or None for what each device says. `added_by`:
    who may make them a member of a room at once; anybody else invites them."""

    locale: str | None = Field(default=None, examples=["uz"])
    added_by: AddedBy = "known"


class Reaction(Schema):
    """One emoji under a message: how many people chose it, and the first of them, in the order of time.

    `mine`: whether the reader is among all of them. In events, which are the same for everybody, it is left out.
    """

    emoji: str = Field(examples=["👍"])
    count: Count = Field(examples=[2])
    mine: bool | None = Field(default=None, exclude_if=lambda value: value is None, examples=[True])
    users: tuple[UserId, ...] = ()
    uids: tuple[Uid, ...] = ()


class Message(Schema):
    """A message, named by `conversation` and the `seq` of its `message.created`.

    `ordinal` counts messages only. A deleted message keeps its place: `deleted` is true and `text` is empty.
    `reactions_at`: in events, the `seq` of the conversation up to which reactions are counted in `reactions` already.
    `mentions_all`: it names everybody there, and its sender may do that; left out otherwise.
    """

    conversation: ConversationId
    seq: Seq
    ordinal: Ordinal
    sender: UserId
    sender_uid: Uid
    text: str = Field(examples=["Salom hammaga!"])
    client_id: str | None = Field(default=None, examples=["phone-41"])
    reply_to: Seq | None = None
    sent_at: Time
    edited_at: Time | None = None
    deleted: bool = False
    reactions: tuple[Reaction, ...] = ()
    reactions_at: Seq | None = Field(default=None, exclude_if=lambda value: value is None)
    mentions_all: bool = Field(default=False, exclude_if=lambda value: not value, examples=[True])


class ConversationSettings(Schema):
    """The settings of a conversation, which its moderators or its owner can change.

    `visibility`: whether others find a room and may join. `history`: what members read of the time before they joined.
    `slow_mode`: seconds between two messages of one member; `retention`: days that messages are kept; 0: none.
    """

    title: str = Field(default="", examples=["Choyxona"])
    topic: str = Field(default="", examples=["Har kuni choy"])
    visibility: Visibility = "private"
    history: HistoryFrom = "all"
    archived: bool = False
    slow_mode: Seconds = Field(default=0, examples=[0])
    retention: Days = Field(default=0, examples=[0])


class ConversationState(ConversationSettings):
    """A conversation as one of its people sees it. `head` is its last `seq`; a direct's `title` is the others' names.

    `since`: the head when the reader came; where `history` is "joined", nothing at it or below is theirs. `mentions`: unread
    messages that name the reader. `role` is None where the reader is no member (a public room).
    """

    conversation: ConversationId
    kind: ConversationKind = Field(examples=["room"])
    head: Cursor
    since: Cursor = Field(default=0, examples=[0])
    last_ordinal: Ordinal = 0
    read_ordinal: Ordinal = Field(default=0, examples=[7])
    unread: Count = 0
    mentions: Count = Field(default=0, examples=[1])
    last_message: Message | None = None
    member_count: Count = Field(default=0, examples=[3])
    role: Role | None = "member"
    draft: str = ""


class Invitation(Schema):
    """A membership that somebody offers: what the room is called and who asks. Nothing else of the room is told."""

    conversation: ConversationId
    title: str = Field(examples=["Choyxona"])
    inviter: UserId
    inviter_uid: Uid
    invited_at: Time


def by_time(invitation: Invitation) -> tuple[int, str]:
    """The order of invitations, for servers and clients. Several of one batch have the same time."""
    return invitation.invited_at, invitation.conversation


class Member(Schema):
    """Somebody in a conversation. `read_ordinal`: how far they have read; None where there are too many to tell."""

    user: User
    role: Role
    joined_at: Time
    muted: bool = False
    muted_until: Time | None = None
    read_ordinal: Ordinal | None = None


class Presence(Schema):
    """Whether somebody is here; `last_seen` is when they left."""

    user_id: UserId
    uid: Uid
    state: PresenceState
    last_seen: Time | None = None
