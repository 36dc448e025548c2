"""Scalar types of the wire with their limits, and the base class of all schemas."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from .emoji import canonical

MAX_INTEGER = 2**53 - 1
"""The largest integer that JavaScript reads exactly (RFC 8259 §6)."""
MAX_TEXT = 4_000
"""Characters (code points) of a message."""
MAX_FRAME = 64 * 1024
"""Bytes of a frame that a client sends; a larger one closes with 1009."""
MAX_REACTIONS = 20
"""Different emoji that one message can have."""
MAX_REACTION_USERS = 20
"""People that a message lists for each emoji; `…/reactions/{emoji}` lists all."""
MAX_READERS_SHOWN = 40
"""The largest number of members of a conversation whose read marks are shown to each other."""
MAX_REPLIERS = 3
"""People that the root of a thread lists."""
MAX_FOLLOWED = 500
"""Threads that a user follows, at most."""
MAX_MARKED_UNREAD = 5_000
"""The latest messages of a conversation, one of which can be marked as the first unread one."""
MAX_SAVED = 1_000
"""Messages that a user can have saved."""
MAX_PAGE = 200
"""Messages of one page of history."""
HELLO_SECONDS = 10
"""How long a v1 connection may stay open without `hello`."""
HEARTBEAT_SECONDS = 25
"""How often a v1 client should ping."""

LOBBY = "lobby"
"""The conversation of all users."""
ME = "@me"
"""The name of a user's own log on the wire."""

GUEST_TOKEN = "sg_a_token_as_it_was_shown_once"  # noqa: S105 (an example)  # nosec B105
BOT_TOKEN = "4839201122334455:a_token_as_it_was_shown_once_0123456789"  # noqa: S105  # nosec B105
SESSION_TOKEN = "ss_a_token_as_it_was_shown_once"  # noqa: S105  # nosec B105
"""Tokens for examples; nobody has them."""


class Schema(BaseModel):
    """The base of all pydantic classes of the wire: frozen and strict. Unknown fields are ignored (the contract grows).

    Lists that clients send have `fail_fast`, so that the first wrong element ends them: 64 KiB have 30,000 elements, and as
    many errors hold up the event loop for 200 ms.

    Every field has an example, from its type or its own (see `examples`), unless its type is an enumeration.
    """

    # The server sends fields with defaults, too, so the documents list them as required.
    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", json_schema_serialization_defaults_required=True
    )


@lru_cache(maxsize=64)
def _whole_seconds(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=1024)  # one time is encoded several times: in the event, in both dialects, in the reply
def format_time(milliseconds: int) -> str:
    """Format milliseconds since 1970 as RFC 3339 UTC with milliseconds."""
    return f"{_whole_seconds(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


def parse_time(value: object) -> object:
    """Parse RFC 3339 into milliseconds since 1970; other types pass unchanged. Raises ValueError, also without a UTC offset."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("bad_time") from None
        if moment.tzinfo is None:
            raise ValueError("bad_time")
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    return value


_EPOCH = datetime.fromtimestamp(0, UTC)


def _storable(text: str) -> str:
    """Refuse characters that a store or an encoder cannot handle: NUL and lone surrogates."""
    if "\0" in text:
        raise ValueError("bad_character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("bad_character") from None
    return text


def _not_blank(text: str) -> str:
    if not text or text.isspace():
        raise ValueError("empty_text")
    return text


Time = Annotated[
    int,
    BeforeValidator(parse_time),
    PlainSerializer(format_time, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T09:30:00.125Z"]}),
]
"""Milliseconds since 1970 in the code, RFC 3339 UTC with milliseconds on the wire."""

Until = Annotated[Time, Field(ge=0, le=253_402_300_799_999)]
"""A time from a client, up to the last one that RFC 3339 can express."""

Storable = AfterValidator(_storable)
Text = Annotated[str, Field(max_length=MAX_TEXT, examples=["Salom hammaga!"]), Storable, AfterValidator(_not_blank)]
MAX_FILES = 10
"""Files of one message."""
AnyText = Annotated[str, Field(max_length=MAX_TEXT, examples=["Salom hammaga!"]), Storable]
"""The text of a message that may have files: then it may be empty."""
FileId = Annotated[str, Field(min_length=1, max_length=64, examples=["f3k7qz2v9m4x8b6n1c5p0d"]), Storable]
Name = Annotated[str, Field(min_length=1, max_length=128, examples=["vali"]), Storable]
"""A name as it was typed; `identity.names` normalises and validates it."""
NewName = Annotated[str, Field(examples=["vali"], json_schema_extra={"minLength": 1, "maxLength": 128}), Storable]
"""A name that somebody asks for. Its length is not checked here: `identity.names` answers `invalid_name`."""
Uid = Annotated[str, Field(min_length=1, max_length=64, examples=["usrazxgnrfqirgosn73gmg"])]
ConversationId = Annotated[str, Field(min_length=1, max_length=64, examples=["rqegnj7zdywrwkkgt34yyk"]), Storable]
ClientId = Annotated[str, Field(min_length=1, max_length=64, examples=["phone-41"]), Storable]
"""A client's own id of a message, before the server has numbered it. With `uid` it is the key of idempotency."""
Seq = Annotated[int, Field(ge=1, le=MAX_INTEGER, examples=[12])]
Cursor = Annotated[int, Field(ge=0, le=MAX_INTEGER, examples=[12])]
"""The last `seq` a client applied; 0 before the first."""
Ordinal = Annotated[int, Field(ge=0, le=MAX_INTEGER, examples=[9])]
MessageOrdinal = Annotated[int, Field(ge=1, le=MAX_INTEGER, examples=[9])]
"""The ordinal of a message."""
MAX_ID = 2**63 - 1
"""64 bits, because some programs number their commands with a clock in nanoseconds."""
MAX_ID_LENGTH = 128
CommandId = (
    Annotated[int, Field(ge=-MAX_ID, le=MAX_ID, examples=[7])]
    | Annotated[str, Field(max_length=MAX_ID_LENGTH), Storable]
)
"""Ties a reply to its command; chosen by the client."""
MAX_CURSORS = 5_000


def _up_to_the_first_error(cursors: object) -> object:
    """Of cursors with wrong ones only the first of those, because thousands of errors take 20 ms."""
    if not isinstance(cursors, dict):
        return cursors
    if len(cursors) > MAX_CURSORS:
        raise ValueError("many_cursors")
    for name, seq in cursors.items():
        if not isinstance(name, str) or not name.isprintable():
            raise ValueError("bad_character")
        if not 0 < len(name) <= 64 or type(seq) is not int or not 0 <= seq <= MAX_INTEGER:
            return {name: seq}
    return cursors


Cursors = Annotated[
    dict[ConversationId, Cursor],
    Field(max_length=MAX_CURSORS, examples=[{LOBBY: 1842, ME: 12}]),
    BeforeValidator(_up_to_the_first_error),
]


def _one_line(text: str) -> str:
    """Strip and check a title. It needs a visible character and may have no control characters, line breaks or bidi signs."""
    stripped = text.strip()
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") or letter in _BIDI for letter in stripped):
        raise ValueError("title.hidden")
    if not any(_is_visible(letter) for letter in stripped):
        raise ValueError("title.empty")
    return stripped


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CMZ" and letter not in _BLANK


_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that are invisible: Hangul fillers and the blank Braille pattern."""


def _emoji(text: str) -> str:
    """Refuse texts that cannot be a reaction: with letters or spaces, ASCII, invisible ones.

    It accepts more than `emoji.canonical`, so that a reaction that an older version accepted can be removed.
    """
    try:
        canonical(text)
        return text  # Unicode may have added it after this version of Python
    except ValueError as error:
        if str(error) == "custom_emoji":
            raise
    # U+2139, the letter i in a square, is an emoji that Unicode classifies as a letter.
    if any(letter.isspace() or letter in _BIDI or (letter.isalpha() and letter != "\u2139") for letter in text):
        raise ValueError("not_emoji")
    if text.isascii() or not any(_is_visible(letter) for letter in text) or "Cc" in map(unicodedata.category, text):
        raise ValueError("not_emoji")
    return text


Title = Annotated[str, Field(max_length=100, examples=["Choyxona"]), Storable, AfterValidator(_one_line)]
Topic = Annotated[str, Field(max_length=500, examples=["Har kuni choy"]), Storable]
Reason = Annotated[str, Field(max_length=500, examples=["spam"]), Storable]
DraftText = Annotated[str, Field(max_length=MAX_TEXT, examples=["Ertaga kelaman, lekin"]), Storable]
Emoji = Annotated[str, Field(min_length=1, max_length=32, examples=["👍"]), Storable, AfterValidator(_emoji)]
People = Annotated[list[Name], Field(min_length=1, max_length=50, fail_fast=True)]
Uids = Annotated[list[Uid], Field(min_length=1, max_length=50, fail_fast=True)]
SlowMode = Annotated[int, Field(ge=0, le=86_400, examples=[10])]
"""Seconds between two messages of one member; 0 for none."""
Retention = Annotated[int, Field(ge=0, le=36_500, examples=[365])]
"""Days that messages are kept; 0 for no limit."""
