"""A server's text frame as one object (PROTOCOL §2). Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from suhbat.protocol.events import Event
from suhbat.protocol.notices import Notice
from suhbat.protocol.replies import CaughtUp, Error, Ok, Pong, Removed, Reset, Snapshot, Welcome
from suhbat.protocol.told import ConversationId, Seq
from suhbat.protocol.types import Wire


class OtherEvent(Wire):
    """A durable event that this version of the SDK does not know: all its fields are in `model_extra`.

    It has its place in the log, so it moves the cursor like any other."""

    model_config = ConfigDict(extra="allow")

    type: str
    conversation: ConversationId
    seq: Seq


Happening = Event | OtherEvent | Notice | Snapshot | Reset | Removed
"""What `Suhbat.events` gives: durable events, notices, and what makes cached state void: a `Reset` or a `Removed` that
of one conversation, a `Snapshot` that of all."""
Frame = Happening | Welcome | CaughtUp | Ok | Pong | Error

_Known = Event | Notice | Welcome | Snapshot | Reset | CaughtUp | Ok | Pong | Error
_KNOWN: TypeAdapter[_Known] = TypeAdapter(Annotated[_Known, Field(discriminator="type")])
_NEEDED = frozenset({"welcome", "snapshot", "reset", "caught_up", "ok", "pong", "error"})


class BadFrame(Exception):
    """Something that no Suhbat server says."""


def decode(data: str | bytes) -> Frame | None:
    """None for a frame of a kind that is not known, which clients ignore. Raises BadFrame.

    An `ok` comes as a bare `Ok`: what else it carries depends on what was asked."""
    try:
        return _KNOWN.validate_json(data)
    except ValidationError as invalid:
        try:
            return _other(data)
        except ValueError:
            raise BadFrame(str(invalid)) from invalid


def _other(data: str | bytes) -> Frame | None:
    """A frame that is not exactly what this version expects. Raises ValueError where it cannot do without."""
    value = from_json(data)
    if not isinstance(value, dict) or value.get("type") in _NEEDED:
        raise ValueError("unusable")
    if "seq" in value:
        return OtherEvent.model_validate(value)
    if value.get("type") == "conversation.removed":
        # The reply to a cursor; in one's own log the same type is an event, with a seq.
        return Removed.model_validate(value)
    return None
