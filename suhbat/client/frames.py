"""Decodes a server's text frame into one object (docs/reference/v1.md). Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from suhbat.protocol.commands import Resume
from suhbat.protocol.events import Event
from suhbat.protocol.notices import Notice
from suhbat.protocol.replies import CaughtUp, Error, Ok, Pong, Removed, Reset, Snapshot, Welcome
from suhbat.protocol.sent_types import ConversationId, Seq
from suhbat.protocol.types import Schema

from .replay import Missed


class OtherEvent(Schema):
    """A durable event of a type that this version of the SDK does not know. Its fields are in `model_extra`.

    It has a `seq`, so it moves the cursor like any other event."""

    model_config = ConfigDict(extra="allow")

    type: str
    conversation: ConversationId
    seq: Seq


Happening = Event | OtherEvent | Notice | Snapshot | Reset | Removed | Resume | Missed
"""The items of `Suhbat.events`: durable events, notices, and frames after which cached state is void: that of one
conversation after a `Reset` or `Removed`, all of it after a `Snapshot`. `Resume` and `Missed` come only to a program that gave
a `resume`."""
Frame = Event | OtherEvent | Notice | Snapshot | Reset | Removed | Welcome | CaughtUp | Ok | Pong | Error

_Known = Event | Notice | Welcome | Snapshot | Reset | CaughtUp | Ok | Pong | Error
_KNOWN: TypeAdapter[_Known] = TypeAdapter(Annotated[_Known, Field(discriminator="type")])
_NEEDED = frozenset({"welcome", "snapshot", "reset", "caught_up", "ok", "pong", "error"})


class BadFrame(Exception):
    """A frame that no Suhbat server sends."""


def decode(data: str | bytes) -> Frame | None:
    """The frame, or None for one of an unknown type, which clients ignore. Raises BadFrame.

    An `ok` is decoded as a bare `Ok`: its other fields depend on the command it answers."""
    try:
        return _KNOWN.validate_json(data)
    except ValidationError as invalid:
        try:
            return _other(data)
        except ValueError:
            raise BadFrame(str(invalid)) from invalid


def _other(data: str | bytes) -> Frame | None:
    """A frame that does not fit this version's schemas. Raises ValueError if the client cannot work without it."""
    value = from_json(data)
    if not isinstance(value, dict) or value.get("type") in _NEEDED:
        raise ValueError("unusable")
    if "seq" in value:
        return OtherEvent.model_validate(value)
    if value.get("type") == "conversation.removed":
        # The reply to a cursor. In the user's own log the same type is an event, with a seq.
        return Removed.model_validate(value)
    return None
