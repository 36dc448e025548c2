"""The simple dialect: the seed's contract, for a person with Postman (PROTOCOL §1). It never changes, except by adding.

No handshake, no token: open `/ws/{user_id}`, send `{"message": "Salom hammaga!", "to_user": ""}`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import to_json

from suhbat.errors import BadRequest, SuhbatError
from suhbat.texts import Language, say

from .closes import Close
from .events import Event, MessageCreated
from .machine import Answer, Do, End, Meter, binary, decoded, flood, oversized, reason_of
from .replies import encode
from .told import ConversationId, Uid, UserId
from .types import LOBBY, Schema, Storable, Text, Time, format_time

EXAMPLE = '{"message": "Salom hammaga!", "to_user": ""}'


class SimpleSend(Schema):
    """What a client sends. `to_user` missing, null or "" means everybody."""

    message: Text
    to_user: Annotated[str, Field(max_length=4_000), Storable, AfterValidator(str.strip)] | None = Field(
        default=None, examples=[""]
    )


class _Announcement(Schema):
    type: str
    user_id: UserId
    uid: Uid
    message: str = Field(examples=["User ali joined the chat"])
    sent_at: Time


class SimpleJoined(_Announcement):
    """Somebody's first connection opened. The text is the same in every language."""

    type: Literal["joined"] = "joined"


class SimpleLeft(_Announcement):
    """Somebody's last connection is gone."""

    type: Literal["left"] = "left"
    message: str = Field(examples=["User ali left the chat"])


class SimpleMessage(Schema):
    """A message to everybody (`to_user` "") or to you alone (`to_user` your name)."""

    type: Literal["message"] = "message"
    conversation: ConversationId = Field(examples=[LOBBY])
    seq: int = Field(examples=[12])
    from_user: UserId
    from_uid: Uid
    to_user: str = Field(examples=[""])
    message: str = Field(examples=["Salom hammaga!"])
    sent_at: Time


class SimpleSent(Schema):
    """Your private message is stored; `online`: whether its reader is here now."""

    type: Literal["sent"] = "sent"
    conversation: ConversationId = Field(examples=["dfvyrmqvxe2yeialcpsu7w"])
    seq: int = Field(examples=[3])
    to_user: UserId
    to_uid: Uid
    sent_at: Time
    online: bool = Field(examples=[True])


class SimpleError(Schema):
    """Refused; the connection stays open unless a close follows."""

    type: Literal["error"] = "error"
    code: str = Field(examples=["user_not_found"])
    message: str = Field(examples=[say("user_not_found.simple", "en", user_id="vali")])
    retry_after: float | None = Field(default=None, exclude_if=lambda value: value is None)


SIMPLE_FRAMES: tuple[type[Schema], ...] = (SimpleJoined, SimpleLeft, SimpleMessage, SimpleSent, SimpleError)


class Viewer(Protocol):
    """Whose connection a frame is written for."""

    @property
    def uid(self) -> str: ...
    @property
    def user_id(self) -> str: ...


def joined(user_id: str, uid: str, at: int) -> bytes:
    return encode(SimpleJoined(user_id=user_id, uid=uid, message=f"User {user_id} joined the chat", sent_at=at))


def left(user_id: str, uid: str, at: int) -> bytes:
    return encode(SimpleLeft(user_id=user_id, uid=uid, message=f"User {user_id} left the chat", sent_at=at))


def message(event: Event, to_user: str) -> bytes | None:
    """A message as this dialect shows it; None for what it does not show (everything but new, undeleted messages)."""
    if not isinstance(event, MessageCreated) or event.message.deleted:
        return None
    said = event.message
    # `SimpleMessage`, encoded. Its values are the server's own: no need to validate them for every message.
    return to_json(
        {
            "type": "message",
            "conversation": event.conversation,
            "seq": event.seq,
            "from_user": said.sender,
            "from_uid": said.sender_uid,
            "to_user": to_user,
            "message": said.text,
            "sent_at": format_time(said.sent_at),
        }
    )


def message_for(event: Event, viewer: Viewer, *, echo: bool) -> bytes | None:
    """The same for one viewer: in the lobby to everybody, in a direct to the others (`echo`: also to its sender)."""
    if event.conversation == LOBBY:
        return message(event, "")
    if not isinstance(event, MessageCreated) or (event.actor_uid == viewer.uid and not echo):
        return None
    return message(event, viewer.user_id)


def sent(conversation: str, seq: int, sent_at: int, to: Viewer, *, online: bool) -> bytes:
    """The receipt of a private message."""
    return encode(
        SimpleSent(
            conversation=conversation, seq=seq, to_user=to.user_id, to_uid=to.uid, sent_at=sent_at, online=online
        )
    )


def refusal(error: SuhbatError, language: Language) -> bytes:
    """Of this dialect alone it can be said that an empty `to_user` means everybody."""
    text = "user_not_found.simple" if error.text == "user_not_found" else error.text
    message = say(text, language, **error.params)
    return encode(SimpleError(code=error.code, message=message, retry_after=error.retry_after))


class SimpleMachine:
    """One connection of the simple dialect: a frame in, an action out. It has no states: open is open."""

    def __init__(self, language: Language, meter: Meter) -> None:
        self.language = language
        self.meter = meter

    def receive(self, data: str | bytes, now: float) -> Do[SimpleSend] | Answer | End:
        """`now`: steady seconds. Text frames come as str, binary ones as bytes."""
        if isinstance(data, bytes):
            return binary(self.refuse)
        if oversized(data):
            return End(Close.TOO_BIG)
        if flooded := flood(self.meter, now, self.refuse):
            return flooded
        try:
            return Do(decoded(SimpleSend.model_validate_json, data))
        except ValidationError as invalid:
            error = BadRequest("bad_request.simple", reason=reason_of(invalid, data))
            return Answer(self.refuse(error), error.code)

    def refuse(self, error: SuhbatError) -> bytes:
        return refusal(error, self.language)
