"""What a v1 client may say: one class a command, one union."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationInfo, field_validator, model_validator

from .objects import HistoryFrom, Role, Visibility
from .types import (
    GUEST_TOKEN,
    LOBBY,
    MAX_PAGE,
    ClientId,
    CommandId,
    ConversationId,
    Cursor,
    Cursors,
    DraftText,
    Emoji,
    Name,
    Ordinal,
    People,
    Reason,
    Retention,
    Schema,
    Seq,
    SlowMode,
    Text,
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
    def _no_bool(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool):
            raise ValueError("an id is an integer or a string")
        return value


class Resume(Schema):
    """Where a client stopped: the epoch it saw and the last `seq` it applied of each conversation.

    `uid`, if given, is who it was; somebody else's cursors are void."""

    epoch: Annotated[str, Field(max_length=64, examples=["5f0c1ab2e7d94c38"])]
    uid: Annotated[str, Field(max_length=64)] | None = None
    cursors: Cursors = Field(default_factory=dict)


class Hello(_Command):
    """The first command: who I am and, after a cut, where I stopped."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=4096)] | None = Field(default=None, examples=[GUEST_TOKEN])
    resume: Resume | None = None


class Send(_Command):
    """Write to a `conversation` or to one person (`to_user`, a name; `uid`: only if it is still theirs). Safe to repeat with
    the same `client_id`."""

    type: Literal["send"]
    conversation: ConversationId | None = Field(default=None, examples=[LOBBY])
    to_user: Name | None = None
    uid: Uid | None = None
    text: Text
    client_id: ClientId | None = Field(default=None, examples=["phone-41"])
    reply_to: Seq | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.conversation is None) == (self.to_user is None):
            raise ValueError("give either conversation or to_user")
        return self


class Edit(_Command):
    """Change the text of one's own message."""

    type: Literal["edit"]
    conversation: ConversationId
    seq: Seq
    text: Text


class Delete(_Command):
    """Remove a message; a tombstone stays."""

    type: Literal["delete"]
    conversation: ConversationId
    seq: Seq


class React(_Command):
    """Put an emoji under a message, or take it away (`on` false)."""

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
    """I have read up to this `ordinal`."""

    type: Literal["read"]
    conversation: ConversationId
    ordinal: Ordinal


class Typing(_Command):
    """I am writing; expires by itself."""

    type: Literal["typing"]
    conversation: ConversationId


class History(_Command):
    """A page of messages: the newest, or those `before`, `after` or `around` a `seq`."""

    type: Literal["history"]
    conversation: ConversationId
    before: Seq | None = Field(default=None, examples=[12])
    after: Cursor | None = None
    around: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.before, self.after, self.around)) > 1:
            raise ValueError("give at most one of before, after, around")
        return self


class Join(_Command):
    """Become a member of a public room, or of one to which I am invited."""

    type: Literal["join"]
    conversation: ConversationId


class Leave(_Command):
    """Stop being a member of a room, or decline an invitation to it; of a direct: hide it until somebody writes there."""

    type: Literal["leave"]
    conversation: ConversationId


class Draft(_Command):
    """Keep what I have begun to write, for all my devices; an empty text takes it away."""

    type: Literal["draft"]
    conversation: ConversationId
    text: DraftText


class Create(_Command):
    """Make a room; it is mine."""

    type: Literal["create"]
    title: Title
    topic: Topic = ""
    visibility: Visibility = "private"
    history: HistoryFrom = "all"


class Meet(_Command):
    """The one direct of me and these people (`users`: names), made if new. `uids`: only if it is still they, in that order."""

    type: Literal["direct"]
    users: People
    uids: Uids | None = None


class Update(_Command):
    """Change settings of a conversation; what is not given stays."""

    type: Literal["update"]
    conversation: ConversationId
    title: Title | None = Field(default=None, examples=["Choyxona"])
    topic: Topic | None = None
    visibility: Visibility | None = None
    history: HistoryFrom | None = None
    archived: bool | None = None
    slow_mode: SlowMode | None = None
    retention: Retention | None = None


class Erase(_Command):
    """Take a room away with all that was said in it."""

    type: Literal["erase"]
    conversation: ConversationId


class Admit(_Command):
    """Make somebody a member of a room, or change what they are there. Who does not know me is invited. `uid`, also below: only
    if the name is still theirs."""

    type: Literal["admit"]
    conversation: ConversationId
    user_id: Name
    uid: Uid | None = None
    role: Role = "member"


class Remove(_Command):
    """Make somebody a member no more, or take an invitation back."""

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
    """Remove somebody and keep them away, until then or for good; `on` false lifts it. In the lobby: from the server."""

    type: Literal["ban"]


class Mute(_Sanction):
    """Let somebody read but not write, until then or for good; `on` false lifts it."""

    type: Literal["mute"]


class Report(_Command):
    """Report a message to the moderators."""

    type: Literal["report"]
    conversation: ConversationId
    seq: Seq
    reason: Reason = ""


class Sync(_Command):
    """Send me what I miss above these cursors."""

    type: Literal["sync"]
    cursors: Cursors


class Ping(_Command):
    """Are you there, and what are the heads?"""

    type: Literal["ping"]


V1StateCommand = (
    Edit | Delete | React | Pin | Report | Read | Draft
    | Create | Meet | Update | Erase | Join | Leave | Admit | Remove | Ban | Mute
)  # fmt: skip
"""Those that change what is stored, but for `Send`, which goes its own way: see `chat.messages`."""
Command = Hello | Send | V1StateCommand | Typing | History | Sync | Ping
COMMANDS: tuple[type[_Command], ...] = (
    Hello, Send, Edit, Delete, React, Pin, Report, Read, Draft, Typing, History,
    Create, Meet, Update, Erase, Join, Leave, Admit, Remove, Ban, Mute, Sync, Ping,
)  # fmt: skip
COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])
