"""Reads decoded JSON that may have any shape. What is missing or of another type is empty, so that no payload fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from suhbat.protocol.characters import cut

MOST_NAME = 80
"""Code points of names: of users, repositories, branches, labels."""
MOST_TITLE = 200
MOST_QUOTED = 500
"""Code points of a longer text, such as a description or a comment."""

_LEFT_OUT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters except tab and line break, and those that turn the direction of what follows."""
_SURROGATES = re.compile("[\ud800-\udfff]")

Json = Mapping[str, Any]


def cleaned(text: str) -> str:
    """The text with line breaks as \\n, without control characters, NUL and lone surrogates."""
    return _SURROGATES.sub("\ufffd", _LEFT_OUT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def shortened(text: str, most: int) -> str:
    """At most `most` code points of a text, with a sign that there is more."""
    return text if len(text) <= most else cut(text, most - 1).rstrip() + "…"


def obj(value: object, *path: str) -> Json:
    """The object at a path below a value; an empty one if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: object, most: int) -> list[Any]:
    """The first elements of an array; none if it is no array."""
    return value[:most] if isinstance(value, list) else []


def count(value: object) -> int:
    """The length of an array; 0 if it is none."""
    return len(value) if isinstance(value, list) else 0


def long_text(value: object, most: int = MOST_QUOTED) -> str:
    """A string or a number as text with line breaks, at most `most` code points, without blanks at its ends."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # The text is cut before and after it is cleaned: the work does not depend on what is left out anyway.
    return shortened(cleaned(str(value)[: 2 * most + 100]).strip(), most)


def line(value: object, most: int = MOST_TITLE) -> str:
    """The same as one line."""
    return " ".join(long_text(value, most).split())


def name(value: object) -> str:
    """The same for a name."""
    return line(value, MOST_NAME)


def first_line(value: object, most: int = MOST_TITLE) -> str:
    """The first line of a text, such as the subject of a commit."""
    return shortened(long_text(value, most + 1).split("\n", 1)[0].strip(), most)


def first(*texts: str) -> str:
    """The first of these that is not empty."""
    return next((text for text in texts if text), "")
