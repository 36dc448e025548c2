"""The simple dialect, for people with a tool like Postman (docs/reference/simple.md). It only ever changes by additions.

There is no handshake and no token: open `/ws/{user_id}` and send `{"message": "Salom hammaga!", "to_user": ""}`.
"""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring as quote
from typing import Annotated, Literal, Protocol, TypeGuard

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import to_json

from suhbat.errors import BadRequest, SuhbatError
from suhbat.texts import Language, say

from .closes import Close
from .event_marks import has_grown
from .events import MessageCreated, MessageFinished
from .files import File
from .live_message import LiveMessage
from .logged_events import LiveEvent
from .machine import Answer, Do, End, Meter, decode, is_oversized, reason_of, refuse_binary, refuse_flood
from .quick import is_blank, quick_validator, validate_quickly
from .replies import encode
from .sent_types import ConversationId, Uid, UserId
from .types import LOBBY, Schema, Storable, Text, Time, format_time


class SimpleSend(Schema):
    """The only frame of a client. `to_user` missing, null or "" means everybody."""

    message: Text
    to_user: Annotated[str, Field(max_length=4_000), Storable, AfterValidator(str.strip)] | None = Field(
        default=None, examples=[""]
    )


_QUICK_SEND = quick_validator(SimpleSend)


def send_of(text: str) -> SimpleSend:
    """Decode a client's frame. Raises ValidationError."""
    send = validate_quickly(_QUICK_SEND, SimpleSend, text)
    if send is not None and not send.to_user and not is_blank(send.message):
        return send
    return SimpleSend.model_validate_json(text)


class _Announcement(Schema):
    type: str
    user_id: UserId
    uid: Uid
    message: str = Field(examples=["User ali joined the chat"])
    sent_at: Time


class SimpleJoined(_Announcement):
    """The first connection of a user opened. The text is the same in every language."""

    type: Literal["joined"] = "joined"


class SimpleLeft(_Announcement):
    """The last connection of a user closed."""

    type: Literal["left"] = "left"
    message: str = Field(examples=["User ali left the chat"])


class SimpleFile(Schema):
    """A file of a message. Whoever has its `url` may download it, for a day."""

    name: str = Field(examples=["choyxona.jpg"])
    type: str = Field(examples=["image/jpeg"])
    size: int = Field(examples=[48213])
    url: str = Field(examples=["/files/f3k7qz2v9m4x8b6n1c5p0d/choyxona.jpg?until=1795000000&signature=…"])


class SimpleMessage(Schema):
    """A message to everybody (`to_user` "") or to you alone (`to_user` your name). `thread`: it is a reply in the thread of the
    message with this `seq`. `message` is never empty: if only files were sent, it has their names."""

    type: Literal["message"] = "message"
    conversation: ConversationId = Field(examples=[LOBBY])
    seq: int = Field(examples=[12])
    from_user: UserId
    from_uid: Uid
    to_user: str = Field(examples=[""])
    message: str = Field(examples=["Salom hammaga!"])
    sent_at: Time
    thread: int | None = Field(default=None, exclude_if=lambda value: value is None, examples=[12])
    files: tuple[SimpleFile, ...] = Field(default=(), exclude_if=lambda value: not value)


class SimpleSent(Schema):
    """Your private message is stored. `online`: whether the recipient is online."""

    type: Literal["sent"] = "sent"
    conversation: ConversationId = Field(examples=["dfvyrmqvxe2yeialcpsu7w"])
    seq: int = Field(examples=[3])
    to_user: UserId
    to_uid: Uid
    sent_at: Time
    online: bool = Field(examples=[True])


class SimpleError(Schema):
    """An error. The connection stays open unless a close follows."""

    type: Literal["error"] = "error"
    code: str = Field(examples=["user_not_found"])
    message: str = Field(examples=[say("user_not_found.simple", "en", user_id="vali")])
    retry_after: float | None = Field(default=None, exclude_if=lambda value: value is None)


SIMPLE_FRAMES: tuple[type[Schema], ...] = (SimpleJoined, SimpleLeft, SimpleMessage, SimpleSent, SimpleError)


class Viewer(Protocol):
    """The user whose connection a frame is written to."""

    @property
    def uid(self) -> str: ...
    @property
    def user_id(self) -> str: ...


def joined(user_id: str, uid: str, at: int) -> bytes:
    return encode(SimpleJoined(user_id=user_id, uid=uid, message=f"User {user_id} joined the chat", sent_at=at))


def left(user_id: str, uid: str, at: int) -> bytes:
    return encode(SimpleLeft(user_id=user_id, uid=uid, message=f"User {user_id} left the chat", sent_at=at))


Link = Callable[[File], str]
"""Makes a link with which anybody can download a file for a while: the readers of this dialect have no token."""


def message(event: LiveEvent, to_user: str, link: Link) -> bytes | None:
    """The frame of a message; None for events that this dialect does not send (all but new messages that are not deleted). A
    message that grew is shown when it is finished; one that was cut before it had a text is not."""
    if isinstance(event, LiveMessage):
        if event.extra is not None and event.extra.streaming:
            return None
        sender, uid, text, thread, files = event.actor, event.actor_uid, event.text, event.thread, event.files
    elif _is_new(event):
        shown = event.message
        sender, uid, text, thread, files = shown.sender, shown.sender_uid, shown.text, shown.thread, shown.files
    else:
        return None
    if is_blank(text):
        if not files:
            return None
        text = ", ".join(file.name for file in files)
    # An encoded `SimpleMessage`, without validation for speed: the values are the server's own.
    before = (
        f'{{"type":"message","conversation":{quote(event.conversation)},"seq":{event.seq}'
        f',"from_user":{quote(sender)},"from_uid":{quote(uid)},"to_user":{quote(to_user)},"message":'
    )
    place = "" if thread is None else f',"thread":{thread}'
    if files:
        linked = [SimpleFile(name=one.name, type=one.type, size=one.size, url=link(one)) for one in files]
        place += f',"files":[{",".join(one.model_dump_json() for one in linked)}]'
    return before.encode() + to_json(text) + f',"sent_at":"{format_time(event.at)}"{place}}}'.encode()


def message_for(event: LiveEvent, viewer: Viewer, link: Link, *, echo: bool) -> bytes | None:
    """The frame for one viewer, or None. In a direct the sender gets it only with `echo`."""
    if event.conversation == LOBBY:
        return message(event, "", link)
    if isinstance(event, LiveMessage):
        uid = event.actor_uid
    elif _is_new(event):
        uid = event.message.sender_uid
    else:
        return None
    return None if uid == viewer.uid and not echo else message(event, viewer.user_id, link)


def _is_new(event: LiveEvent) -> TypeGuard[MessageCreated | MessageFinished]:
    """Whether the event is a whole message that is not deleted."""
    if isinstance(event, MessageCreated):
        return not has_grown(event) and not event.message.deleted
    return isinstance(event, MessageFinished) and not event.message.deleted


def sent(conversation: str, seq: int, sent_at: int, to: Viewer, *, online: bool) -> bytes:
    """The frame that confirms a private message."""
    return encode(
        SimpleSent(
            conversation=conversation, seq=seq, to_user=to.user_id, to_uid=to.uid, sent_at=sent_at, online=online
        )
    )


def refusal(error: SuhbatError, language: Language) -> bytes:
    """The frame of an error. Only this dialect's `user_not_found` mentions that an empty `to_user` means everybody."""
    text = "user_not_found.simple" if error.text == "user_not_found" else error.text
    message = say(text, language, **error.params)
    return encode(SimpleError(code=error.code, message=message, retry_after=error.retry_after))


class SimpleMachine:
    """The state machine of a connection in the simple dialect. It has only one state."""

    def __init__(self, language: Language, meter: Meter) -> None:
        self.language = language
        self.meter = meter

    def receive(self, data: str | bytes, now: float) -> Do[SimpleSend] | Answer | End:
        """Handle a text frame (str) or a binary one (bytes). `now`: seconds of a monotonic clock."""
        if isinstance(data, bytes):
            return refuse_binary(self.refuse)
        if is_oversized(data):
            return End(Close.TOO_BIG)
        if wait := self.meter.take(now):
            return refuse_flood(self.meter, wait, now, self.refuse)
        try:
            return Do(decode(send_of, data))
        except ValidationError as invalid:
            error = BadRequest("bad_request.simple", reason=reason_of(invalid, data))
            return Answer(self.refuse(error), error.code)

    def refuse(self, error: SuhbatError) -> bytes:
        return refusal(error, self.language)
