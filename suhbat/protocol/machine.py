"""What a frame leads to: the vocabulary of both dialects' per-connection state machines.

A machine is fed one frame at a time and answers with exactly one action. It has no socket, no loop and no clock: whoever
drives it carries the action out and tells it the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import ValidationError

from suhbat.errors import BadRequest, RateLimited, SuhbatError

from .characters import cut
from .closes import Close
from .types import MAX_FRAME

C = TypeVar("C")

BYTE_ORDER_MARK = "\ufeff"
_TURNED = re.compile(r"[{\[,:]\s*[\u201c-\u201f\u00ab\u00bb]")
"""A typographic quote where a key or a value of JSON should begin."""


@dataclass(frozen=True, slots=True)
class Do(Generic[C]):
    """Carry out this command; its answer is the business of the one who does."""

    command: C


@dataclass(frozen=True, slots=True)
class Answer:
    """Write this frame, nothing else. `refused`: the code of the error that it tells."""

    frame: bytes
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Write this frame if there is one, then close. `refused` as above."""

    code: Close
    frame: bytes | None = None
    reason: str = ""
    refused: str | None = None


class Meter(Protocol):
    """How fast somebody may talk. `take`: 0 when a frame may pass now, else the seconds to wait."""

    def take(self, now: float) -> float: ...

    def patience(self, now: float) -> bool:
        """Called for each refused frame: False when the flood has gone on for too long."""
        ...


class Unlimited:
    """A meter that lets everything pass."""

    def take(self, now: float) -> float:
        return 0.0

    def patience(self, now: float) -> bool:
        return True


Refuse = Callable[[SuhbatError], bytes]
"""How a dialect writes an error."""


def flood(meter: Meter, now: float, refuse: Refuse) -> Answer | End | None:
    """None when the frame may pass; else `rate_limited`, and the close 4029 if it goes on."""
    wait = meter.take(now)
    if not wait:
        return None
    frame, code = refuse(RateLimited(retry_after=wait)), RateLimited.code
    return Answer(frame, code) if meter.patience(now) else End(Close.RATE_LIMITED, frame, code, code)


def binary(refuse: Refuse) -> End:
    """The one answer to a binary frame, in every state."""
    return End(Close.UNSUPPORTED_DATA, refuse(BadRequest(reason="not_json")), "send text frames", BadRequest.code)


def oversized(text: str) -> bool:
    """Whether a frame is over 64 KiB; servers that enforce it themselves never let one come this far."""
    return len(text) > MAX_FRAME or (len(text) * 4 > MAX_FRAME and len(text.encode()) > MAX_FRAME)


def decoded(validate: Callable[[str], C], text: str) -> C:
    """A frame as its class. A byte order mark before it is overlooked (RFC 8259 §8.1 allows that), as HTTP does.

    Raises ValidationError.
    """
    try:
        return validate(text)
    except ValidationError:
        if not text.startswith(BYTE_ORDER_MARK):
            raise
    return validate(text.removeprefix(BYTE_ORDER_MARK))


def unreadable(text: str) -> str:
    """Why this is no JSON, as a key of `texts.REASONS`: phones and word processors like to turn quotes."""
    return "typographic_quotes" if _TURNED.search(text) else "not_json"


def reason_of(invalid: ValidationError, text: str = "") -> str:
    """Why a frame (`text`) was refused, as a key of `texts.REASONS` or a short English phrase that names the field."""
    first = invalid.errors(include_url=False, include_input=False)[0]
    kind, field = first["type"], ".".join(str(part) for part in first["loc"])
    if kind == "json_invalid":
        return unreadable(text)
    if kind in ("model_type", "model_attributes_type", "dict_type", "union_tag_not_found") and not field:
        return "not_object" if kind != "union_tag_not_found" else '"type" is missing'
    name = f'"{first["loc"][-1]}"' if first["loc"] else "it"
    if kind == "value_error":
        cause = str(first.get("ctx", {}).get("error", "")) or "invalid"
        return cause
    if kind == "string_type":
        return f"not_string:{name}"
    if kind == "string_too_long" and first["loc"] and first["loc"][-1] in ("text", "message"):
        return "long_text"
    if kind == "string_too_short" and first["loc"] and first["loc"][-1] in ("text", "message"):
        return "empty_text"
    if kind == "too_long" and first["loc"] and first["loc"][-1] == "cursors":
        return "many_cursors"
    if kind == "missing":
        return "message_missing" if first["loc"][-1] == "message" else f"{name} is missing"
    said = cut(first["msg"], 200)
    return f"{name}: {said}" if first["loc"] else said
