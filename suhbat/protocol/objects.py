"""The objects of the wire: users, messages, conversations, presence."""

from __future__ import annotations

from operator import not_
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .extras import Buttons, HookFace
from .files import File
from .sent_types import ConversationId, Count, Cursor, Days, Ordinal, Seconds, Seq, Uid, UserId
from .types import Schema, Time

UserKind = Literal["guest", "account", "bot", "hook"]
ConversationKind = Literal["lobby", "direct", "room"]
Role = Literal["owner", "moderator", "member"]
PresenceState = Literal["online", "offline"]
Visibility = Literal["public", "private"]
HistoryFrom = Literal["joined", "all"]
FileSenders = Literal["everyone", "accounts", "moderators", "owners"]
AddedBy = Literal["everyone", "known", "nobody"]
Level = Literal["all", "mentions", "none"]
"""The messages of a conversation of which a member is notified: all, those that mention them, or none."""


Picture = Annotated[str | None, Field(exclude_if=lambda value: value is None, examples=["fd2x7q9m4v8b6n1c5p0k3"])]
"""The version of a picture, which changes with it; left out if there is none. `…/picture?version=` may be cached for long."""


class Quiet(Schema):
    """Quiet hours, in which a user is not notified. On these `days` (1 for Monday to 7 for Sunday) they begin at `from`, and
    they end when the clock shows `to` next, in the time zone `zone`. Equal times: 24 hours."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    from_: str = Field(validation_alias="from", serialization_alias="from", examples=["22:00"])
    to: str = Field(examples=["08:00"])
    days: tuple[int, ...] = Field(examples=[[1, 2, 3, 4, 5, 6, 7]])
    zone: str = Field(examples=["Asia/Tashkent"])


class User(Schema):
    """A user. `user_id` is the name, `uid` the identity behind it, which is immutable and never reused."""

    uid: Uid
    user_id: UserId
    kind: UserKind = Field(default="guest", examples=["account"])


class Person(User):
    """A user as others see them. `display_name` is not unique and proves nothing; `role` is that on the server."""

    display_name: str = Field(examples=["Ali Valiyev"])
    role: Role = "member"
    picture: Picture = None


class Profile(Person):
    """An account as its owner sees it. `locale`: a language tag (RFC 5646), or null for that of each device. `added_by`: who
    may make them a member of a room at once; others invite them. `quiet`: their quiet hours. `push_text`: whether pushes show
    the texts of messages."""

    locale: str | None = Field(default=None, examples=["uz"])
    added_by: AddedBy = "known"
    quiet: Quiet | None = None
    push_text: bool = Field(default=True, examples=[True])


class Reaction(Schema):
    """The reactions to a message with one emoji: how many people chose it, and the first of them, in the order of time.

    `mine`: whether the reader is one of them. It is left out in events, which are the same for all readers.
    """

    emoji: str = Field(examples=["👍"])
    count: Count = Field(examples=[2])
    mine: bool | None = Field(default=None, exclude_if=lambda value: value is None, examples=[True])
    users: tuple[UserId, ...] = ()
    uids: tuple[Uid, ...] = ()


class Replier(Schema):
    """A person who wrote in a thread."""

    uid: Uid
    user_id: UserId


class Replies(Schema):
    """The thread below a message, without deleted replies: how many replies, the last one, and the last three people who
    wrote, the latest first."""

    count: Count = Field(examples=[3])
    last_seq: Seq = Field(examples=[21])
    last_at: Time
    people: tuple[Replier, ...]


class Thread(Schema):
    """A thread that the reader follows. `root`: the `seq` of the message to which it belongs; `count`: its replies that are
    not deleted; `thread_ordinal`: that of the last reply; `unread`: replies of others above `read_ordinal`; `mentions`: those
    that mention the reader."""

    root: Seq
    count: Count = Field(examples=[3])
    thread_ordinal: Ordinal = Field(examples=[4])
    read_ordinal: Ordinal = Field(examples=[2])
    unread: Count
    mentions: Count = Field(default=0, examples=[1])


class Message(Schema):
    """A message. Its id is `conversation` with `seq`, that of its `message.created`.

    `ordinal` counts messages only. A deleted message keeps its position, with `deleted` true and an empty `text`.
    `thread`: the message is a reply in the thread of the message with this `seq`; `ordinal` is null then, and
    `thread_ordinal` counts the replies of the thread. `replies`: the thread below this message, if it has any.
    `from_thread`: a message that its sender wrote in the thread of this `seq` and in the conversation at once (`also`); it
    quotes the reply there.
    `reactions_at`: in events, the `seq` of the conversation up to which `reactions` are counted.
    `mentions_all`: it mentions everybody, and its sender is allowed to; left out otherwise.
    `files`: left out if there are none; the `text` may be empty beside them.
    `actions`: rows of buttons, of a message of a bot. `hook`: a webhook sent the message, and this is its name there.
    `streaming`: the message is still growing. `cut`: it stopped growing before its end. All left out otherwise.
    """

    conversation: ConversationId
    seq: Seq
    ordinal: Ordinal | None
    sender: UserId
    sender_uid: Uid
    text: str = Field(examples=["Salom hammaga!"])
    client_id: str | None = Field(default=None, examples=["phone-41"])
    reply_to: Seq | None = None
    sent_at: Time
    edited_at: Time | None = None
    deleted: bool = False
    reactions: tuple[Reaction, ...] = ()
    reactions_at: Seq | None = Field(default=None, exclude_if=not_)
    mentions_all: bool = Field(default=False, exclude_if=not_, examples=[True])
    thread: Seq | None = Field(default=None, exclude_if=not_)
    thread_ordinal: Ordinal | None = Field(default=None, exclude_if=not_)
    from_thread: Seq | None = Field(default=None, exclude_if=not_)
    replies: Replies | None = Field(default=None, exclude_if=not_)
    files: tuple[File, ...] = Field(default=(), exclude_if=not_)
    actions: Buttons = Field(default=(), exclude_if=not_)
    hook: HookFace | None = Field(default=None, exclude_if=not_)
    streaming: bool = Field(default=False, exclude_if=not_, examples=[True])
    cut: bool = Field(default=False, exclude_if=not_, examples=[True])


class Notify(Schema):
    """Of which messages of a conversation the reader is notified. `until`: when the level of its kind holds again (`all` in
    directs, `mentions` elsewhere); null: never. If that time has passed, it holds already."""

    level: Level = Field(examples=["mentions"])
    until: Time | None = None


class ConversationSettings(Schema):
    """The settings of a conversation, which its moderators or its owner can change.

    `visibility`: whether others find a room and may join. `history`: how much members read of the time before they joined.
    `slow_mode`: seconds between two messages of one member, 0 for none. `retention`: days that messages are kept, 0 for no
    limit. `files`: who may send files, of those who may send messages. `picture`: of a room.
    """

    title: str = Field(default="", examples=["Choyxona"])
    topic: str = Field(default="", examples=["Har kuni choy"])
    visibility: Visibility = "private"
    history: HistoryFrom = "all"
    archived: bool = False
    slow_mode: Seconds = Field(default=0, examples=[0])
    retention: Days = Field(default=0, examples=[0])
    files: FileSenders = "everyone"
    picture: Picture = None


class ConversationState(ConversationSettings):
    """A conversation as the reader sees it. `head` is its last `seq`; the `title` of a direct is the names of the others.

    `since`: the head when the reader joined; if `history` is "joined", they see only what is above it. `mentions`: unread
    messages that mention the reader. `role` is null if the reader is not a member (of a public room). `threads`: those that
    the reader follows there, in the order of their roots; left out if there are none. `notify`: left out if the reader is not
    a member.
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
    threads: tuple[Thread, ...] = Field(default=(), exclude_if=lambda value: not value)
    notify: Notify | None = Field(default=None, exclude_if=lambda value: value is None)


class Invitation(Schema):
    """An offered membership: the title of the room and the person who invites. Nothing else about the room is revealed. `bot`:
    the reader's bot that is invited; accepting makes both members."""

    conversation: ConversationId
    title: str = Field(examples=["Choyxona"])
    inviter: UserId
    inviter_uid: Uid
    invited_at: Time
    bot: User | None = Field(default=None, exclude_if=lambda value: value is None)


def by_time(invitation: Invitation) -> tuple[int, str]:
    """The sort key of invitations, for server and clients. Several of one batch have the same time."""
    return invitation.invited_at, invitation.conversation


class Member(Schema):
    """A member of a conversation. `read_ordinal`: how far they have read; null in a large conversation."""

    user: User
    role: Role
    joined_at: Time
    muted: bool = False
    muted_until: Time | None = None
    read_ordinal: Ordinal | None = None


class Presence(Schema):
    """Whether a user is online. `last_seen`: when they went offline."""

    user_id: UserId
    uid: Uid
    state: PresenceState
    last_seen: Time | None = None
