"""What the server answers on v1: replies tied to a command by `id`, and the frames of an opening or a resume."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_core import to_json

from suhbat.errors import SuhbatError
from suhbat.texts import Language, say

from .objects import ConversationState, Invitation, Message, User
from .told import ConversationId, Cursors
from .types import HEARTBEAT_SECONDS, LOBBY, MAX_FRAME, MAX_TEXT, Schema, Time, format_time


class Limits(Schema):
    """What a client should know before it is refused: characters of a text, bytes of a frame."""

    text: int = MAX_TEXT
    frame: int = MAX_FRAME


class _Reply(Schema):
    type: str  # first in every frame
    id: int | str | None = Field(default=None, exclude_if=lambda value: value is None, examples=[7])


class Welcome(_Reply):
    """The answer to `hello`."""

    type: Literal["welcome"] = "welcome"
    user: User
    connection: str = Field(examples=["kq3v7mzt5wxa"])
    epoch: str = Field(examples=["5f0c1ab2e7d94c38"])
    resumed: bool
    heartbeat: int = HEARTBEAT_SECONDS
    limits: Limits = Limits()


class Snapshot(Schema):
    """Everything a client without a past needs: its conversations, the people in them, and where each log stands.

    A large one comes in several frames, each below 256 KB: the first says what `cursors["@me"]` is and which `invitations`
    are open; while `more` is true, the next one adds to what was told.
    """

    type: Literal["snapshot"] = "snapshot"
    conversations: tuple[ConversationState, ...]
    users: tuple[User, ...]
    cursors: Cursors
    invitations: tuple[Invitation, ...] = Field(default=(), exclude_if=lambda value: not value)
    more: bool = Field(default=False, exclude_if=lambda value: not value)


class Reset(Schema):
    """Drop what you cached of this conversation and take this state; its cursor is now `state.head`."""

    type: Literal["reset"] = "reset"
    conversation: ConversationId
    state: ConversationState
    reason: Literal["too_far", "retention", "ahead", "interrupted", "new"]


class Removed(Schema):
    """A cursor was sent for a conversation that may not be seen (or does not exist; one answer for both)."""

    type: Literal["conversation.removed"] = "conversation.removed"
    conversation: ConversationId
    removed: ConversationId


class CaughtUp(Schema):
    """All that was missed has been sent; what follows is live."""

    type: Literal["caught_up"] = "caught_up"


class Ok(_Reply):
    """Done. What else it carries depends on the command (the classes below)."""

    type: Literal["ok"] = "ok"


class Sent(Ok):
    """`send`: the message is durable and numbered. `duplicate`: it already was."""

    conversation: ConversationId
    seq: int = Field(examples=[12])
    ordinal: int = Field(examples=[9])
    sent_at: Time
    duplicate: bool = False


class Acted(Ok):
    """What a command changed is durable. `seq`: that of the event in the conversation's log; where nothing had to change,
    the head. `unread`: after `read`. `invited`: after `admit`, where the person was asked instead of made a member."""

    conversation: ConversationId
    seq: int = Field(examples=[14])
    unread: int | None = Field(default=None, exclude_if=lambda value: value is None)
    invited: bool = Field(default=False, exclude_if=lambda value: not value)


class Page(Ok):
    """`history`: messages, ascending."""

    messages: tuple[Message, ...]
    has_before: bool
    has_after: bool
    head: int = Field(examples=[12])


class Pong(_Reply):
    """`ping`: every conversation written since the previous pong, with its head."""

    type: Literal["pong"] = "pong"
    heads: dict[str, int] = Field(examples=[{LOBBY: 1843}])


class Error(_Reply):
    """Refused. `code` is for programs and never changes; `message` is for people, in their language."""

    type: Literal["error"] = "error"
    code: str = Field(examples=["not_found"])
    message: str = Field(examples=[say("not_found", "en")])
    retry_after: float | None = Field(default=None, exclude_if=lambda value: value is None)


Reply = Welcome | Snapshot | Reset | Removed | CaughtUp | Sent | Acted | Page | Ok | Pong | Error
REPLIES: tuple[type[Schema], ...] = (Welcome, Snapshot, Reset, Removed, CaughtUp, Ok, Sent, Acted, Page, Pong, Error)


def encode(frame: Schema) -> bytes:
    """One JSON object, UTF-8."""
    return frame.__pydantic_serializer__.to_json(frame)


def sent(id: int | str, conversation: str, seq: int, ordinal: int, sent_at: int, duplicate: bool) -> bytes:
    """`Sent`, encoded. It is written for every message, and its values are the server's own: no need to validate them."""
    return to_json(
        {
            "type": "ok",
            "id": id,
            "conversation": conversation,
            "seq": seq,
            "ordinal": ordinal,
            "sent_at": format_time(sent_at),
            "duplicate": duplicate,
        }
    )


def refusal(error: SuhbatError, language: Language, id: int | str | None = None) -> Error:
    """An error as a reply: its code, its text in the reader's language, and when a repeat can help."""
    return Error(id=id, code=error.code, message=error.message(language), retry_after=error.retry_after)
