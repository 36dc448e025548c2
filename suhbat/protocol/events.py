"""Durable events: facts with a dense `seq` in their log, one class each, one union.

The log of a conversation carries `conversation` = its id; a user's own log carries `@me`. The lobby has no member events.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, PrivateAttr, TypeAdapter

from .objects import ConversationSettings, ConversationState, Invitation, Message, Profile, Role, User
from .told import ConversationId, Count, Cursor, Ordinal, Seq, Uid, UserId
from .types import ME, Schema, Time

Everyone = Annotated[
    Literal[-1, 0, 1],
    Field(exclude_if=lambda value: not value, examples=[1]),
]
"""Of an event about a message. 1: since this event the message names everybody there (`@all`); -1: it does so no more. Left
out where nothing changed. Unlike `Message.mentions_all` it never changes afterwards, so that counts can be folded from it."""


class Placed(Schema):
    type: str
    conversation: ConversationId
    seq: Seq
    at: Time


class _Event(Placed):
    actor: UserId
    actor_uid: Uid


class _Later(_Event):
    """About a message that was there before."""

    seq: Seq = Field(examples=[14])
    _veil: int | None = PrivateAttr(default=None)


class _Own(_Event):
    """In the log of one user."""

    conversation: ConversationId = Field(examples=[ME])


class MessageCreated(_Event):
    """Somebody wrote. In a replay too `reactions` is empty: the events that put them there follow."""

    type: Literal["message.created"] = "message.created"
    message: Message
    everyone: Everyone = 0


class MessageEdited(_Later):
    """A message's text changed; `message` as it is now."""

    type: Literal["message.edited"] = "message.edited"
    message: Message
    everyone: Everyone = 0


class MessageDeleted(_Later):
    """A message became a tombstone; `target` is its `seq`.

    `ordinal` and `sender_uid` are the message's, for those who count what is unread; left out where it is past keeping.
    """

    type: Literal["message.deleted"] = "message.deleted"
    target: Seq
    ordinal: Ordinal | None = Field(default=None, exclude_if=lambda value: value is None)
    sender_uid: Uid | None = Field(default=None, exclude_if=lambda value: value is None)
    everyone: Everyone = 0


class MessagePinned(_Later):
    """A message was pinned; `target` is its `seq`."""

    type: Literal["message.pinned"] = "message.pinned"
    target: Seq


class MessageUnpinned(_Later):
    """A message was unpinned; `target` is its `seq`."""

    type: Literal["message.unpinned"] = "message.unpinned"
    target: Seq


class ReactionAdded(_Later):
    """Somebody put an emoji under the message `target`."""

    type: Literal["reaction.added"] = "reaction.added"
    target: Seq
    emoji: str = Field(examples=["👍"])


class ReactionRemoved(_Later):
    """Somebody took their emoji back."""

    type: Literal["reaction.removed"] = "reaction.removed"
    target: Seq
    emoji: str = Field(examples=["👍"])


class Hidden(Placed):
    """Something became of a message from before the reader's time; what, is not theirs. It keeps the log dense."""

    type: Literal["event.hidden"] = "event.hidden"
    seq: Seq = Field(examples=[15])


class MemberJoined(_Event):
    """Somebody became a member."""

    type: Literal["member.joined"] = "member.joined"
    user: User
    role: Role = "member"


class MemberLeft(_Event):
    """Somebody is a member no more."""

    type: Literal["member.left"] = "member.left"
    user: User


class MemberUpdated(_Event):
    """A member's role changed."""

    type: Literal["member.updated"] = "member.updated"
    user: User
    role: Role


class MemberMuted(_Event):
    """A member may read but not write, until then (null: for good); or may again (`on` false)."""

    type: Literal["member.muted"] = "member.muted"
    user: User
    on: bool = Field(examples=[True])
    until: Time | None = None


class ConversationUpdated(_Event, ConversationSettings):
    """A conversation's title or another setting changed; all of them as they are now.

    `last_message`: where `history` became "all", for those who did not see it before.
    """

    type: Literal["conversation.updated"] = "conversation.updated"
    last_message: Message | None = None


class ConversationAdded(_Own):
    """`@me`: a conversation is yours from now; events above `state.head` follow live."""

    type: Literal["conversation.added"] = "conversation.added"
    state: ConversationState


class ConversationInvited(_Own):
    """`@me`: somebody whom you do not know would like you in a room: `join` accepts, `leave` declines."""

    type: Literal["conversation.invited"] = "conversation.invited"
    invitation: Invitation


class ConversationRemoved(_Own):
    """`@me`: the conversation `removed` is no longer yours; drop what you cached of it, and an invitation to it."""

    type: Literal["conversation.removed"] = "conversation.removed"
    removed: ConversationId


class ReadMarked(_Own):
    """`@me`: you have read `target` up to `ordinal`, on some device.

    `unread` is what was left when the last message was `last_ordinal`: there is no order across conversations, so messages
    above that may have come before this event, and messages up to it may come after. `head`: the same for deletions and for
    whom messages name: those at or below this `seq` of `target` are out of `unread` and in `mentions` already. 0 where an
    older version wrote the event.
    """

    type: Literal["read"] = "read"
    target: ConversationId
    ordinal: Ordinal
    last_ordinal: Ordinal
    head: Cursor = 0
    unread: Count
    mentions: Count = Field(default=0, examples=[1])


class Mentioned(_Own):
    """`@me`: the message `message` in `target` names you, or does so no more; `mentions` unread ones did when the last event
    there was `head` (0 where an older version wrote the event)."""

    type: Literal["mentioned"] = "mentioned"
    target: ConversationId
    message: Seq
    mentions: Count
    head: Cursor = 0


class DraftChanged(_Own):
    """`@me`: your draft in `target`, on some device; empty when gone."""

    type: Literal["draft"] = "draft"
    target: ConversationId
    text: str = Field(examples=["Ertaga kelaman, lekin"])


class UserUpdated(_Own):
    """`@me`: your own profile changed; as it is now."""

    type: Literal["user.updated"] = "user.updated"
    user: Profile | User


Stored = (
    MessageCreated | MessageEdited | MessageDeleted | MessagePinned | MessageUnpinned
    | ReactionAdded | ReactionRemoved
    | MemberJoined | MemberLeft | MemberUpdated | MemberMuted
    | ConversationUpdated | ConversationAdded | ConversationInvited | ConversationRemoved
    | ReadMarked | Mentioned | DraftChanged | UserUpdated
)  # fmt: skip
Event = Stored | Hidden
"""What is in a log, and what some readers get in its place."""
EVENTS: tuple[type[Placed], ...] = (
    MessageCreated, MessageEdited, MessageDeleted, MessagePinned, MessageUnpinned,
    ReactionAdded, ReactionRemoved, Hidden,
    MemberJoined, MemberLeft, MemberUpdated, MemberMuted,
    ConversationUpdated, ConversationAdded, ConversationInvited, ConversationRemoved,
    ReadMarked, Mentioned, DraftChanged, UserUpdated,
)  # fmt: skip
EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


class LogEntry(NamedTuple):
    """An event and the log it belongs to: a conversation id, or `@me:` + uid for a user's own log.

    The log key stays inside the server; on the wire a user's own log is always `@me`.
    """

    log: str
    event: Event


def own_log(uid: str) -> str:
    """The key of a user's own log."""
    return f"@me:{uid}"


def veil(event: Event) -> None:
    """Keep what became of a message from those who may not read that message. Where all may read all, don't.

    Inside the server only: the wire knows no veils. Each reader gets the event, or `Hidden` in its place.
    """
    if isinstance(event, _Later):
        event._veil = event.message.seq if isinstance(event, MessageEdited) else event.target


def veil_of(event: Event) -> int | None:
    """The lowest floor (a `seq`, see `store.floor`) whose readers get `Hidden`; None: everybody gets the event."""
    return event._veil if isinstance(event, _Later) else None


def hidden(event: Event) -> Hidden:
    """What readers below the floor get in its place: that there was something."""
    return Hidden(conversation=event.conversation, seq=event.seq, at=event.at)
