"""The commands of the v1 dialect: a class each, and their union."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationInfo, field_validator, model_validator

from .bots import NewButtons
from .objects import FileSenders, HistoryFrom, Level, Role, Visibility
from .types import (
    GUEST_TOKEN,
    LOBBY,
    MAX_FILES,
    MAX_ID,
    MAX_ID_LENGTH,
    MAX_PAGE,
    MAX_TEXT,
    AnyText,
    ClientId,
    CommandId,
    ConversationId,
    Cursor,
    Cursors,
    DraftText,
    Emoji,
    FileId,
    MessageOrdinal,
    Name,
    Ordinal,
    People,
    Reason,
    Retention,
    Schema,
    Seq,
    SlowMode,
    Title,
    Topic,
    Uid,
    Uids,
    Until,
)


class _Command(Schema):
    id: CommandId | None = Field(default=None, examples=[7])

    @field_validator("id", mode="before")
    @classmethod
    def _scalar(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool) or not isinstance(value, int | str | None):
            raise ValueError("command_id")
        if len(value) > MAX_ID_LENGTH if isinstance(value, str) else abs(value or 0) > MAX_ID:
            raise ValueError("command_id")
        return value


class Resume(Schema):
    """Where a client stopped: the epoch it saw and the last `seq` it applied of each conversation.

    `uid`, if given, is that of the user then; the cursors of another user are ignored."""

    epoch: Annotated[str, Field(max_length=64, examples=["5f0c1ab2e7d94c38"])]
    uid: Annotated[str, Field(max_length=64)] | None = None
    cursors: Cursors = Field(default_factory=dict)


class Hello(_Command):
    """The first command: the token of the user and, after a disconnect, where the client stopped."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=4096)] | None = Field(default=None, examples=[GUEST_TOKEN])
    resume: Resume | None = None


class Send(_Command):
    """Send a message to a `conversation` or to one person (`to_user`, a name; with `uid`, only if it is still theirs). Safe to
    repeat with the same `client_id`.

    `thread`: the `seq` of the message in whose thread it is a reply. With `also` the conversation gets it, too, as a message
    that quotes the reply and has the next `seq`. `files`: ids of files that the sender has uploaded; each belongs to one
    message. Beside them the `text` may be empty. `streaming`: the message grows (`append`, `finish`); its `text` is the
    beginning, which may be empty."""

    type: Literal["send"]
    conversation: ConversationId | None = Field(default=None, examples=[LOBBY])
    to_user: Name | None = None
    uid: Uid | None = None
    text: AnyText
    client_id: ClientId | None = Field(default=None, examples=["phone-41"])
    reply_to: Seq | None = None
    thread: Seq | None = None
    also: bool = False
    files: Annotated[tuple[FileId, ...], Field(max_length=MAX_FILES, fail_fast=True)] = ()
    streaming: bool = False
    actions: NewButtons = ()

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if not self.files and not self.streaming and (not self.text or self.text.isspace()):
            raise ValueError("empty_text")
        if (self.conversation is None) == (self.to_user is None):
            raise ValueError("give either conversation or to_user")
        if self.also and self.thread is None:
            raise ValueError("give also with thread only")
        if self.also and self.streaming:
            raise ValueError("give either also or streaming")
        return self


class Appending(Schema):
    """What a message grows by. `offset`: how many characters (Unicode code points) its text has so far."""

    offset: Annotated[int, Field(ge=0, le=MAX_TEXT, examples=[14])]
    text: AnyText = Field(examples=[" osh damlash"])


class Append(_Command, Appending):
    """Let one's own message grow, which was sent with `streaming`. The reply carries the next `offset`. It does not say that
    the text is stored: `finish` does."""

    type: Literal["append"]
    conversation: ConversationId
    seq: Seq


class Finishing(Schema):
    """`text`: the whole text, if it is not what was appended. `cut`: the text stops before its end."""

    text: AnyText | None = None
    cut: bool = Field(default=False, examples=[True])


class Finish(_Command, Finishing):
    """Finish a message that grows. When the reply comes, the whole text is stored. Finishing it again with the same text
    changes nothing. Somebody else's message is stopped by this, and is `cut`: one that answers one's own, or is in a direct,
    or that one may delete."""

    type: Literal["finish"]
    conversation: ConversationId
    seq: Seq


class Edit(_Command):
    """Change the text of one's own message. Its files stay; beside them the text may be empty. `actions`: the buttons of a
    message of a bot from now on; left out: as they are."""

    type: Literal["edit"]
    conversation: ConversationId
    seq: Seq
    text: AnyText
    actions: NewButtons | None = None


class Delete(_Command):
    """Delete a message; a tombstone stays."""

    type: Literal["delete"]
    conversation: ConversationId
    seq: Seq


class React(_Command):
    """React to a message with an emoji, or remove the reaction (`on` false)."""

    type: Literal["react"]
    conversation: ConversationId
    seq: Seq
    emoji: Emoji
    on: bool = True


class Pin(_Command):
    """Pin a message, or unpin it (`on` false)."""

    type: Literal["pin"]
    conversation: ConversationId
    seq: Seq
    on: bool = True


class Read(_Command):
    """Mark everything up to this `ordinal` as read."""

    type: Literal["read"]
    conversation: ConversationId
    ordinal: Ordinal


class MarkUnread(_Command):
    """Mark the message with this `ordinal` as the first unread one. Where it is unread already, nothing changes."""

    type: Literal["unread"]
    conversation: ConversationId
    ordinal: MessageOrdinal


class NotifyLevel(Schema):
    """Of which messages the caller is notified: `all`, those that mention them (`mentions`), or `none`; `until` a time, after
    which the level of the kind holds again: `all` in directs, `mentions` elsewhere."""

    level: Level = Field(examples=["none"])
    until: Until | None = None


class SetNotify(_Command, NotifyLevel):
    """Choose of which messages of a conversation one is notified, on all devices."""

    type: Literal["notify"]
    conversation: ConversationId


class ThreadChanges(Schema):
    """Follow a thread, or no longer; read it up to this `thread_ordinal`. A mark never goes back, unless `unread` asks for it:
    what is above `read_ordinal` is unread then."""

    follow: bool | None = Field(default=None, examples=[True])
    read_ordinal: Ordinal | None = None
    unread: bool = Field(default=False, examples=[True])


class ChangeThread(_Command, ThreadChanges):
    """Follow the thread of the message `seq`, or no longer; or mark it as read."""

    type: Literal["thread"]
    conversation: ConversationId
    seq: Seq


class Typing(_Command):
    """Tell others that one is writing; it expires by itself."""

    type: Literal["typing"]
    conversation: ConversationId


class Active(_Command):
    """Somebody is looking at this connection, or no longer. It holds for 60 s, or until the connection ends. Meanwhile the user
    gets no pushes. Others are not told."""

    type: Literal["active"]
    on: bool = True


class History(_Command):
    """A page of messages: the newest, or those `before`, `after` or `around` a `seq`, or around the first message at a time or
    later. Without replies, unless `thread` gives the `seq` of the message whose thread is wanted; `around` a reply gives the
    page around the root of its thread."""

    type: Literal["history"]
    conversation: ConversationId
    thread: Seq | None = None
    before: Seq | None = Field(default=None, examples=[12])
    after: Cursor | None = None
    around: Seq | None = None
    around_time: Until | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50

    @model_validator(mode="after")
    def _one_position(self) -> Self:
        if sum(place is not None for place in (self.before, self.after, self.around, self.around_time)) > 1:
            raise ValueError("give at most one of before, after, around, around_time")
        return self


class Join(_Command):
    """Become a member of a public room, or accept an invitation."""

    type: Literal["join"]
    conversation: ConversationId


class Leave(_Command):
    """Leave a room, or decline an invitation to it. A direct is hidden until somebody writes there."""

    type: Literal["leave"]
    conversation: ConversationId


class Draft(_Command):
    """Save a draft for all devices of the user; an empty text deletes it."""

    type: Literal["draft"]
    conversation: ConversationId
    text: DraftText


class Create(_Command):
    """Create a room and become its owner."""

    type: Literal["create"]
    title: Title
    topic: Topic = ""
    visibility: Visibility = "private"
    history: HistoryFrom = "all"


class Meet(_Command):
    """Open the one direct with exactly these people (`users`: names), creating it if it is new. `uids`: theirs, in that order;
    the command fails if a name belongs to another user by now."""

    type: Literal["direct"]
    users: People
    uids: Uids | None = None


class ConversationChanges(Schema):
    """Fields that are left out stay as they are. Title, topic and slow mode are for moderators, the rest for the owner."""

    title: Title | None = Field(default=None, examples=["Choyxona"])
    topic: Topic | None = None
    visibility: Visibility | None = None
    history: HistoryFrom | None = None
    archived: bool | None = None
    slow_mode: SlowMode | None = None
    retention: Retention | None = None
    files: FileSenders | None = None


class Update(_Command, ConversationChanges):
    """Change settings of a conversation. Fields that are left out stay as they are."""

    type: Literal["update"]
    conversation: ConversationId


class Erase(_Command):
    """Erase a room with all its messages."""

    type: Literal["erase"]
    conversation: ConversationId


class Admit(_Command):
    """Make somebody a member of a room, or change the role of a member. A person who does not know the caller is invited.
    `uid`, also below: only if the name is still theirs."""

    type: Literal["admit"]
    conversation: ConversationId
    user_id: Name
    uid: Uid | None = None
    role: Role = "member"


class Remove(_Command):
    """Remove a member, or revoke an invitation."""

    type: Literal["remove"]
    conversation: ConversationId
    user_id: Name
    uid: Uid | None = None


class _Sanction(_Command):
    conversation: ConversationId
    user_id: Name
    uid: Uid | None = None
    on: bool = True
    until: Until | None = None
    reason: Reason = ""


class Ban(_Sanction):
    """Remove somebody and keep them out, `until` a time or permanently; `on` false lifts it. In the lobby: from the server."""

    type: Literal["ban"]


class Mute(_Sanction):
    """Let somebody read but not write, `until` a time or permanently; `on` false lifts it."""

    type: Literal["mute"]


class Save(_Command):
    """Save a message for later, or no longer (`on` false), on all devices of the user."""

    type: Literal["save"]
    conversation: ConversationId
    seq: Seq
    on: bool = True


class Report(_Command):
    """Report a message to the moderators."""

    type: Literal["report"]
    conversation: ConversationId
    seq: Seq
    reason: Reason = ""


class Sync(_Command):
    """Ask for all events above these cursors."""

    type: Literal["sync"]
    cursors: Cursors


class Ping(_Command):
    """Check the connection, and ask for the heads."""

    type: Literal["ping"]


V1StateCommand = (
    Edit | Delete | React | Pin | Report | Read | MarkUnread | SetNotify | ChangeThread | Draft | Save
    | Create | Meet | Update | Erase | Join | Leave | Admit | Remove | Ban | Mute
)  # fmt: skip
"""The commands that change stored state, except `Send`, which `chat.messages` handles, and those of `chat.growing_messages`."""
Command = Hello | Send | Append | Finish | V1StateCommand | Typing | Active | History | Sync | Ping
COMMANDS: tuple[type[_Command], ...] = (
    Hello, Send, Append, Finish,
    Edit, Delete, React, Pin, Report, Read, MarkUnread, SetNotify, ChangeThread, Draft, Save, Typing, Active,
    History, Create, Meet, Update, Erase, Join, Leave, Admit, Remove, Ban, Mute, Sync, Ping,
)  # fmt: skip
COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])
