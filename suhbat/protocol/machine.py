"""The common parts of both dialects' state machines.

A machine receives one frame at a time and returns exactly one action: `Do`, `Answer` or `End`. It has no socket, event loop
or clock; its caller performs the action and passes the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, from_json

from suhbat.errors import BadRequest, RateLimited, SuhbatError

from .characters import cut
from .closes import Close
from .types import MAX_FRAME

C = TypeVar("C")

BYTE_ORDER_MARK = "\ufeff"
_TYPOGRAPHIC = re.compile(r"[{\[,:]\s*[\u201c-\u201f\u00ab\u00bb]")
"""A typographic quote at the beginning of a key or a value of JSON."""


@dataclass(slots=True)
class Do(Generic[C]):
    """Execute this command and answer it. (Not frozen, because one is made for every frame.)"""

    command: C


@dataclass(frozen=True, slots=True)
class Answer:
    """Write this frame. `refused`: the code of the error in it, if it is one."""

    frame: bytes
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Write the frame, if any, then close. `refused` as in `Answer`."""

    code: Close
    frame: bytes | None = None
    reason: str = ""
    refused: str | None = None


class Meter(Protocol):
    """Limits the rate of the frames of a connection."""

    def take(self, now: float) -> float:
        """Count a frame. Returns 0 if it may pass now, otherwise the seconds to wait."""
        ...

    def give_back(self) -> None:
        """Undo a `take` that passed."""
        ...

    def tolerates(self, now: float) -> bool:
        """Called for each refused frame. False if the client has exceeded the rate for too long and must be disconnected."""
        ...


class Unlimited:
    """A meter without a limit."""

    def take(self, now: float) -> float:
        return 0.0

    def give_back(self) -> None:
        pass

    def tolerates(self, now: float) -> bool:
        return True


Refuse = Callable[[SuhbatError], bytes]
"""Encodes an error in a dialect."""


def refuse_flood(meter: Meter, wait: float, now: float, refuse: Refuse) -> Answer | End:
    """The action for a frame that must `wait`: the error `rate_limited`, with the close 4029 after too many of them."""
    frame, code = refuse(RateLimited(retry_after=wait)), RateLimited.code
    return Answer(frame, code) if meter.tolerates(now) else End(Close.RATE_LIMITED, frame, code, code)


def refuse_binary(refuse: Refuse) -> End:
    """The action for a binary frame, in every state."""
    return End(Close.UNSUPPORTED_DATA, refuse(BadRequest(reason="not_json")), "send text frames", BadRequest.code)


def is_oversized(text: str) -> bool:
    """Whether a frame exceeds 64 KiB. Not every transport checks this before."""
    return len(text) > MAX_FRAME or (len(text) * 4 > MAX_FRAME and len(text.encode()) > MAX_FRAME)


def decode(validate: Callable[[str], C], text: str) -> C:
    """Decode a frame. A byte order mark before it is ignored, as over HTTP (RFC 8259 §8.1 allows that).

    Raises ValidationError.
    """
    if "NaN" in text or "Infinity" in text:
        _require_json(text)
    try:
        return validate(text)
    except ValidationError:
        if not text.startswith(BYTE_ORDER_MARK):
            raise
    return validate(text.removeprefix(BYTE_ORDER_MARK))


def _require_json(text: str) -> None:
    """Refuse NaN and Infinity, which pydantic takes for numbers and JSON does not have (RFC 8259 §6), also in fields that
    nobody reads."""
    try:
        from_json(text.removeprefix(BYTE_ORDER_MARK), allow_inf_nan=False)
    except ValueError as error:
        wrong = InitErrorDetails(type="json_invalid", loc=(), input=text, ctx={"error": str(error)})
        raise ValidationError.from_exception_data("frame", [wrong], "json") from None


def json_reason(text: str) -> str:
    """Why a text is not JSON, as a key of `texts.REASONS`. Phones and word processors often replace quotes."""
    return "typographic_quotes" if _TYPOGRAPHIC.search(text) else "not_json"


def reason_of(invalid: ValidationError, text: str = "") -> str:
    """Why a frame (`text`) was refused, as a key of `texts.REASONS` or a short English phrase that names the field."""
    first = invalid.errors(include_url=False, include_input=False)[0]
    kind, field = first["type"], ".".join(str(part) for part in first["loc"])
    if kind == "json_invalid":
        return json_reason(text)
    if kind in ("model_type", "model_attributes_type", "dict_type", "union_tag_not_found") and not field:
        return "not_object" if kind != "union_tag_not_found" else '"type" is missing'
    name = f'"{first["loc"][-1]}"' if first["loc"] else "it"
    if kind == "value_error":
        return str(first.get("ctx", {}).get("error", "")) or "invalid"
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
    message = cut(first["msg"], 200)
    return f"{name}: {message}" if first["loc"] else message
