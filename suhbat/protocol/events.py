"""Durable events: facts with a dense `seq` in their log, one class each, one union.

The log of a conversation carries `conversation` = its id; a user's own log carries `@me`. The lobby has no member events.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, TypeAdapter

from .objects import (
    ConversationSettings,
    ConversationState,
    Invitation,
    Message,
    Notify,
    Profile,
    Replies,
    Role,
    Thread,
    User,
)
from .sent_types import ConversationId, Count, Cursor, Ordinal, Seq, Uid, UserId
from .types import ME, Schema, Time

REPLY_KEY = "Zk3vR8mQ1xT5bN7cW2yL9pAd"
"""In examples."""

Everyone = Annotated[
    Literal[-1, 0, 1],
    Field(exclude_if=lambda value: not value, examples=[1]),
]
"""Whether an event changes that its message mentions everybody (`@all`). 1: it does from this event on; -1: it no longer does;
left out: no change. Unlike `Message.mentions_all` it never changes later, so that mentions can be counted from events."""


class EventBase(Schema):
    type: str
    conversation: ConversationId
    seq: Seq
    at: Time


class _ActorEvent(EventBase):
    actor: UserId
    actor_uid: Uid


class MessageChange(_ActorEvent):
    """A change of an existing message."""

    seq: Seq = Field(examples=[14])
    _veil: int | None = PrivateAttr(default=None)


class _PersonalEvent(_ActorEvent):
    """An event in the log of a user."""

    conversation: ConversationId = Field(examples=[ME])


class MessageCreated(_ActorEvent):
    """A message was sent. Its `reactions` are empty in a replay, too, and it has no `replies`; the events that added them
    follow."""

    type: Literal["message.created"] = "message.created"
    message: Message
    everyone: Everyone = 0
    _veil: int | None = PrivateAttr(default=None)
    _has_grown: bool = PrivateAttr(default=False)


class MessageEdited(MessageChange):
    """The text of a message changed; `message` is its new state."""

    type: Literal["message.edited"] = "message.edited"
    message: Message
    everyone: Everyone = 0


class MessageFinished(MessageChange):
    """A message that grew is finished; `message` is its whole state. If it is `cut`, its sender did not get to the end, or
    somebody stopped it. From now on it is searched, mentions people, and notifies."""

    type: Literal["message.finished"] = "message.finished"
    message: Message
    everyone: Everyone = 0


class MessageDeleted(MessageChange):
    """A message became a tombstone; `target` is its `seq`.

    `ordinal` and `sender_uid` are those of the message, for clients that count unread messages. They are left out if
    retention has removed it. `thread` and `thread_ordinal`: if it was a reply; `replies` is what remained of the thread,
    left out if no reply did.
    """

    type: Literal["message.deleted"] = "message.deleted"
    target: Seq
    ordinal: Ordinal | None = Field(default=None, exclude_if=lambda value: value is None)
    sender_uid: Uid | None = Field(default=None, exclude_if=lambda value: value is None)
    everyone: Everyone = 0
    thread: Seq | None = Field(default=None, exclude_if=lambda value: value is None)
    thread_ordinal: Ordinal | None = Field(default=None, exclude_if=lambda value: value is None)
    replies: Replies | None = Field(default=None, exclude_if=lambda value: value is None)


class MessagePinned(MessageChange):
    """A message was pinned; `target` is its `seq`."""

    type: Literal["message.pinned"] = "message.pinned"
    target: Seq


class MessageUnpinned(MessageChange):
    """A message was unpinned; `target` is its `seq`."""

    type: Literal["message.unpinned"] = "message.unpinned"
    target: Seq


class ReactionAdded(MessageChange):
    """Somebody reacted to the message `target` with an emoji."""

    type: Literal["reaction.added"] = "reaction.added"
    target: Seq
    emoji: str = Field(examples=["👍"])


class ReactionRemoved(MessageChange):
    """Somebody removed a reaction from the message `target`."""

    type: Literal["reaction.removed"] = "reaction.removed"
    target: Seq
    emoji: str = Field(examples=["👍"])


class Hidden(EventBase):
    """Takes the place of an event about a message that the reader may not see, so that no `seq` is missing in the log."""

    type: Literal["event.hidden"] = "event.hidden"
    seq: Seq = Field(examples=[15])


class MemberJoined(_ActorEvent):
    """Somebody became a member."""

    type: Literal["member.joined"] = "member.joined"
    user: User
    role: Role = "member"


class MemberLeft(_ActorEvent):
    """Somebody is no longer a member."""

    type: Literal["member.left"] = "member.left"
    user: User


class MemberUpdated(_ActorEvent):
    """A member's role changed."""

    type: Literal["member.updated"] = "member.updated"
    user: User
    role: Role


class MemberMuted(_ActorEvent):
    """A member may read but not write, `until` a time (null: permanently), or may write again (`on` false)."""

    type: Literal["member.muted"] = "member.muted"
    user: User
    on: bool = Field(examples=[True])
    until: Time | None = None


class ConversationUpdated(_ActorEvent, ConversationSettings):
    """The settings of a conversation changed; the event has all of them.

    `last_message`: if `history` became "all", for members who could not see it before.
    """

    type: Literal["conversation.updated"] = "conversation.updated"
    last_message: Message | None = None


class ConversationAdded(_PersonalEvent):
    """`@me`: you have a new conversation; events above `state.head` follow live."""

    type: Literal["conversation.added"] = "conversation.added"
    state: ConversationState


class ConversationInvited(_PersonalEvent):
    """`@me`: somebody whom you do not know invites you to a room; `join` accepts, `leave` declines."""

    type: Literal["conversation.invited"] = "conversation.invited"
    invitation: Invitation


class ConversationRemoved(_PersonalEvent):
    """`@me`: the conversation `removed` is no longer yours. Drop it from caches, also if it was an invitation."""

    type: Literal["conversation.removed"] = "conversation.removed"
    removed: ConversationId


class ReadMarked(_PersonalEvent):
    """`@me`: you have read `target` up to `ordinal`, on some device; or you marked what is above it as unread.

    `unread` counts up to the message `last_ordinal`. There is no order across conversations: messages above it may come before
    this event, and messages up to it may come after. `head` is the same for deletions and mentions: those at or below this
    `seq` of `target` are already counted in `unread` and `mentions`; 0 if an older version wrote the event.
    """

    type: Literal["read"] = "read"
    target: ConversationId
    ordinal: Ordinal
    last_ordinal: Ordinal
    head: Cursor = 0
    unread: Count
    mentions: Count = Field(default=0, examples=[1])
    _is_receipt: bool = PrivateAttr(default=True)


class Mentioned(_PersonalEvent):
    """`@me`: the message `message` in `target` mentions you, or no longer does. `mentions`: how many unread messages did when
    the last event there was `head` (0 if an older version wrote the event)."""

    type: Literal["mentioned"] = "mentioned"
    target: ConversationId
    message: Seq
    mentions: Count
    head: Cursor = 0


class ThreadChanged(_PersonalEvent):
    """`@me`: you follow a thread of `target`, or no longer do (`follow` false); or its marks or mentions changed.

    `thread` is its state when the last event of `target` was `head`, as `read` has it for a conversation: later replies and
    deletions may have come before this event, and earlier ones may come after.
    """

    type: Literal["thread"] = "thread"
    target: ConversationId
    head: Cursor
    follow: bool = Field(examples=[True])
    thread: Thread


class NotifyChanged(_PersonalEvent, Notify):
    """`@me`: you chose of which messages of `target` you are notified, on some device."""

    type: Literal["notify"] = "notify"
    target: ConversationId


class DraftChanged(_PersonalEvent):
    """`@me`: your draft in `target` changed on some device; empty if it was deleted."""

    type: Literal["draft"] = "draft"
    target: ConversationId
    text: str = Field(examples=["Ertaga kelaman, lekin"])


class Saved(_PersonalEvent):
    """`@me`: you saved the message `message` of `target`, or removed it from the saved ones (`on` false), on some device. A
    deleted message is saved no more, without this event."""

    type: Literal["saved"] = "saved"
    target: ConversationId
    message: Seq
    on: bool = Field(examples=[True])


class CommandInvoked(_PersonalEvent):
    """`@me` of a bot: the `actor` gave it the command `name` in `target`, or in a thread there (`thread`: its root), followed
    by the text `args`. With `key` it answers: `POST /api/v1/command-replies/{key}`."""

    type: Literal["command.invoked"] = "command.invoked"
    target: ConversationId
    name: str = Field(examples=["ob_havo"])
    args: str = Field(examples=["Toshkent"])
    key: str = Field(examples=[REPLY_KEY])
    thread: Seq | None = Field(default=None, exclude_if=lambda value: value is None)


class ActionPressed(_PersonalEvent):
    """`@me` of a bot: the `actor` pressed the button `action` of its message `message` in `target`. `key`: as in
    `command.invoked`."""

    type: Literal["action.pressed"] = "action.pressed"
    target: ConversationId
    message: Seq
    action: str = Field(examples=["yes"])
    key: str = Field(examples=[REPLY_KEY])


class UserUpdated(_PersonalEvent):
    """`@me`: your profile changed; `user` is its new state."""

    type: Literal["user.updated"] = "user.updated"
    user: Profile | User


class HookStopped(_PersonalEvent):
    """`@me`: your outgoing webhook `hook` was switched off, because its receiver has failed for 24 hours (`failing`), or has
    answered that it is gone (`gone`, 410). Switched on again it goes on where it stopped."""

    type: Literal["hook.stopped"] = "hook.stopped"
    hook: str = Field(examples=["kq3l5x7c2ma4k6wz8d0pt9e"])
    name: str = Field(examples=["warehouse.example.org"])
    reason: Literal["failing", "gone"]


Stored = (
    MessageCreated | MessageEdited | MessageFinished | MessageDeleted | MessagePinned | MessageUnpinned
    | ReactionAdded | ReactionRemoved
    | MemberJoined | MemberLeft | MemberUpdated | MemberMuted
    | ConversationUpdated | ConversationAdded | ConversationInvited | ConversationRemoved
    | ReadMarked | Mentioned | ThreadChanged | NotifyChanged | DraftChanged | Saved | UserUpdated
    | CommandInvoked | ActionPressed | HookStopped
)  # fmt: skip
Event = Stored | Hidden
"""The stored events, and the one that some readers get in their place."""
EVENTS: tuple[type[EventBase], ...] = (
    MessageCreated, MessageEdited, MessageFinished, MessageDeleted, MessagePinned, MessageUnpinned,
    ReactionAdded, ReactionRemoved, Hidden,
    MemberJoined, MemberLeft, MemberUpdated, MemberMuted,
    ConversationUpdated, ConversationAdded, ConversationInvited, ConversationRemoved,
    ReadMarked, Mentioned, ThreadChanged, NotifyChanged, DraftChanged, Saved, UserUpdated,
    CommandInvoked, ActionPressed, HookStopped,
)  # fmt: skip
EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
