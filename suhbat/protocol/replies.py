"""Replies of the v1 dialect: those tied to a command by `id`, and the frames of an opening or a resume."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring as quote
from typing import Literal

from pydantic import Field
from pydantic_core import to_json

from suhbat.errors import SuhbatError
from suhbat.texts import Language, say

from .objects import ConversationState, Invitation, Message, Person, User
from .sent_types import ConversationId, Cursors
from .types import HEARTBEAT_SECONDS, LOBBY, MAX_FILES, MAX_FRAME, MAX_TEXT, Schema, Time, format_time


class Limits(Schema):
    """The limits for clients: `text` in characters, `frame` and `file_size` in bytes, `files` of a message.

    `file_size` and `files` are left out for a user who may not upload files, and where nobody is logged in."""

    text: int = MAX_TEXT
    frame: int = MAX_FRAME
    file_size: int | None = Field(default=None, exclude_if=lambda value: value is None, examples=[100_000_000])
    files: int | None = Field(default=None, exclude_if=lambda value: value is None, examples=[MAX_FILES])


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
    """The state for a client without one: its conversations, the people in them, and the cursor of each log.

    A large snapshot comes in several frames of less than 256 KB. The first has `cursors["@me"]` and the open `invitations`.
    While `more` is true, another frame with further conversations follows. An account among the `users` has its display name.
    """

    type: Literal["snapshot"] = "snapshot"
    conversations: tuple[ConversationState, ...]
    users: tuple[Person | User, ...]
    cursors: Cursors
    invitations: tuple[Invitation, ...] = Field(default=(), exclude_if=lambda value: not value)
    more: bool = Field(default=False, exclude_if=lambda value: not value)


class Reset(Schema):
    """Replace the cached conversation by this state; its cursor is now `state.head`."""

    type: Literal["reset"] = "reset"
    conversation: ConversationId
    state: ConversationState
    reason: Literal["too_far", "retention", "ahead", "interrupted", "new"]


class Removed(Schema):
    """The client sent a cursor of a conversation that does not exist or that it may not see (one answer for both)."""

    type: Literal["conversation.removed"] = "conversation.removed"
    conversation: ConversationId
    removed: ConversationId


class CaughtUp(Schema):
    """All missed events have been sent; live events follow."""

    type: Literal["caught_up"] = "caught_up"


class Ok(_Reply):
    """The command was executed. Some commands have a reply with further fields."""

    type: Literal["ok"] = "ok"


class Sent(Ok):
    """The reply to `send`: the message is durable and numbered. `duplicate`: it already was. A reply in a thread has a
    `thread_ordinal` instead of an `ordinal`. `command`: a bot got it as a command, and it is no message; `seq` is 0 then."""

    conversation: ConversationId
    seq: int = Field(examples=[12])
    ordinal: int | None = Field(examples=[9])
    sent_at: Time
    duplicate: bool = False
    thread_ordinal: int | None = Field(default=None, exclude_if=lambda value: value is None, examples=[3])
    command: bool = Field(default=False, exclude_if=lambda value: not value, examples=[True])


class Acted(Ok):
    """The change of a command is durable. `seq`: that of the event in the conversation's log, or the head if nothing had to
    change. `unread`: after `read`, `unread` and `thread`. `invited`: after `admit`, if the person was invited instead of made a
    member."""

    conversation: ConversationId
    seq: int = Field(examples=[14])
    unread: int | None = Field(default=None, exclude_if=lambda value: value is None)
    invited: bool = Field(default=False, exclude_if=lambda value: not value)


class Appended(Ok):
    """The reply to `append`: the message has so many characters now. They are not stored yet."""

    offset: int = Field(examples=[14])


class Page(Ok):
    """The reply to `history`: messages in ascending order. `root`: the message to which the thread belongs, if one was asked
    for."""

    messages: tuple[Message, ...]
    has_before: bool
    has_after: bool
    head: int = Field(examples=[12])
    root: Message | None = Field(default=None, exclude_if=lambda value: value is None)


class Pong(_Reply):
    """The reply to `ping`: the heads of the conversations that changed since the previous pong."""

    type: Literal["pong"] = "pong"
    heads: dict[str, int] = Field(examples=[{LOBBY: 1843}])


class Error(_Reply):
    """The command was refused. `code` is for programs and never changes; `message` is for people, in their language.
    `scope`: the commands that must wait for `retry_after` (see `suhbat.errors.Scope`; a later server may send other values);
    without it, all of them. `offset`: of `wrong_offset`, how many characters the message has so far."""

    type: Literal["error"] = "error"
    code: str = Field(examples=["not_found"])
    message: str = Field(examples=[say("not_found", "en")])
    retry_after: float | None = Field(default=None, exclude_if=lambda value: value is None)
    scope: str | None = Field(default=None, examples=["conversation"], exclude_if=lambda value: value is None)
    offset: int | None = Field(default=None, exclude_if=lambda value: value is None, examples=[14])


Reply = Welcome | Snapshot | Reset | Removed | CaughtUp | Sent | Acted | Appended | Page | Ok | Pong | Error
REPLIES: tuple[type[Schema], ...] = (
    Welcome,
    Snapshot,
    Reset,
    Removed,
    CaughtUp,
    Ok,
    Sent,
    Acted,
    Appended,
    Page,
    Pong,
    Error,
)


def encode(frame: Schema) -> bytes:
    """Encode a frame as one JSON object in UTF-8."""
    return frame.__pydantic_serializer__.to_json(frame)


def snapshot(
    conversations: Sequence[bytes],
    users: Iterable[User],
    cursors: Mapping[str, int],
    invitations: Sequence[Invitation],
    *,
    more: bool,
) -> bytes:
    """An encoded `Snapshot` from encoded states, each of which its sender has encoded before to know its size."""
    parts = [
        b'{"type":"snapshot","conversations":[%b],' % b",".join(conversations),
        b'"users":[%b],' % b",".join(map(encode, users)),
        b'"cursors":%b' % to_json(cursors),
    ]
    if invitations:
        parts.append(b',"invitations":[%b]' % b",".join(map(encode, invitations)))
    parts.append(b',"more":true}' if more else b"}")
    return b"".join(parts)


def sent(
    id: int | str,
    conversation: str,
    seq: int,
    ordinal: int | None,
    sent_at: int,
    duplicate: bool,
    thread_ordinal: int | None = None,
    command: bool = False,
) -> bytes:
    """An encoded `Sent`. It skips validation for speed: it is written for every message, from the server's own values."""
    reply = "" if thread_ordinal is None else f',"thread_ordinal":{thread_ordinal}'
    if command:
        reply += ',"command":true'
    return (
        f'{{"type":"ok","id":{quote(id) if isinstance(id, str) else id},"conversation":{quote(conversation)},"seq":{seq}'
        f',"ordinal":{"null" if ordinal is None else ordinal},"sent_at":"{format_time(sent_at)}"'
        f',"duplicate":{"true" if duplicate else "false"}{reply}}}'
    ).encode()


def refusal(error: SuhbatError, language: Language, id: int | str | None = None) -> Error:
    """The reply for an error, with its text in the given language."""
    return Error(
        id=id,
        code=error.code,
        message=error.message(language),
        retry_after=error.retry_after,
        scope=error.scope,
        offset=error.offset,
    )
