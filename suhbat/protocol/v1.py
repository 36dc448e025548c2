"""The v1 dialect: commands with replies, events with `seq`, resume (docs/reference/v1.md)."""

from __future__ import annotations

import json
import re
from enum import Enum, auto
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from suhbat.errors import BadRequest, SuhbatError, Unauthenticated
from suhbat.texts import Language

from .closes import Close
from .commands import COMMAND, Command, Hello, Send
from .live_message import LiveMessage
from .logged_events import LiveEvent
from .machine import (
    BYTE_ORDER_MARK,
    Answer,
    Do,
    End,
    Meter,
    decode,
    is_oversized,
    reason_of,
    refuse_binary,
    refuse_flood,
)
from .quick import is_blank, quick_validator, validate_quickly
from .replies import CaughtUp, encode, refusal
from .types import HELLO_SECONDS, MAX_ID, MAX_ID_LENGTH

SUBPROTOCOL = "suhbat.v1"
CAUGHT_UP = encode(CaughtUp())
_SURROGATE = re.compile("[\ud800-\udfff]")
_QUICK_SEND = quick_validator(Send)


class V1State(Enum):
    """The state of a v1 connection."""

    SILENT = auto()
    """Before `hello`, the only command that is accepted."""
    OPEN = auto()
    ENDED = auto()


class V1Machine:
    """The state machine of a connection in the v1 dialect."""

    def __init__(self, language: Language, meter: Meter) -> None:
        self.language = language
        self.meter = meter
        self.state = V1State.SILENT

    def receive(self, data: str | bytes, now: float) -> Do[Command] | Answer | End:
        """Handle a text frame (str) or a binary one (bytes). `now`: seconds of a monotonic clock. Do not call after `End`."""
        action = self._receive(data, now)
        if isinstance(action, End):
            self.state = V1State.ENDED
        return action

    def expire_hello(self) -> End | None:
        """The time for `hello` is over. Returns the close, or None if `hello` has come."""
        if self.state is not V1State.SILENT:
            return None
        self.state = V1State.ENDED
        return End(Close.UNAUTHENTICATED, self.refuse(_hello_first()), "hello", Unauthenticated.code)

    def refuse(self, error: SuhbatError, id: int | str | None = None) -> bytes:
        return encode(refusal(error, self.language, id))

    def _receive(self, data: str | bytes, now: float) -> Do[Command] | Answer | End:
        if isinstance(data, bytes):
            return refuse_binary(self.refuse)
        if is_oversized(data):
            return End(Close.TOO_BIG)
        if wait := self.meter.take(now):
            return refuse_flood(self.meter, wait, now, lambda error: self.refuse(error, command_id(data)))
        try:
            command = decode(command_of, data)
        except ValidationError as invalid:
            error = BadRequest(reason=reason_of(invalid, data))
            return Answer(self.refuse(error, command_id(data)), error.code)
        if self.state is V1State.SILENT:
            if not isinstance(command, Hello):
                return End(
                    Close.UNAUTHENTICATED, self.refuse(_hello_first(), command.id), "hello first", Unauthenticated.code
                )
            self.state = V1State.OPEN
        elif type(command) is Hello:  # `isinstance` asks the metaclass of pydantic's models, which is slow
            return Answer(self.refuse(BadRequest(reason="hello was already said"), command.id), BadRequest.code)
        return Do(command)


def encode_event(event: LiveEvent) -> bytes:
    """The frame of an event."""
    return event.encode() if isinstance(event, LiveMessage) else encode(event)


def command_of(text: str) -> Command:
    """Decode a command. Raises ValidationError."""
    if '"send"' in text:
        send = validate_quickly(_QUICK_SEND, Send, text)
        if (
            send is not None
            and not (is_blank(send.text) and not send.files)
            and (send.conversation is None) is not (send.to_user is None)
            and not send.also
            and not send.actions
        ):
            return send
    return COMMAND.validate_json(text)


def command_id(data: str) -> int | str | None:
    """The `id` of a command that is otherwise invalid, so that the client can match the error; None without one."""
    text = data.removeprefix(BYTE_ORDER_MARK)
    try:
        value = from_json(text)
    except ValueError:
        value = _with_lone_surrogates(text)
    found = value.get("id") if isinstance(value, dict) else None
    if isinstance(found, str) and len(found) <= MAX_ID_LENGTH and not _SURROGATE.search(found):
        return found
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) <= MAX_ID:
        return found
    return None


def _with_lone_surrogates(text: str) -> Any:
    """What the JSON says; None if it is wrong in another way than by half of a surrogate pair, which `from_json` refuses."""
    if "\\ud" not in text and "\\uD" not in text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _hello_first() -> Unauthenticated:
    return Unauthenticated("unauthenticated.hello", seconds=HELLO_SECONDS)
