"""Conditional requests and ranges (RFC 9110 §13, §14), for content with a strong validator and without a modification date.
Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Part:
    """What of the content is sent: `length` bytes from `start` on, with this status."""

    status: int
    start: int = 0
    length: int = 0


def choose_part(headers: Mapping[str, str], etag: str, size: int) -> Part:
    """The part of content of `size` bytes that a GET asks for: 200, 206, 304, 412 or 416. `headers`: with names in lower case.

    Several ranges at once are answered with everything, which is allowed (RFC 9110 §14.2) and costs no more than that.
    """
    match = headers.get("if-match")
    if match is not None and match.strip() != "*" and etag not in _tags(match):
        return Part(412)
    none = headers.get("if-none-match")
    if none is not None and (none.strip() == "*" or etag in [tag.removeprefix("W/") for tag in _tags(none)]):
        return Part(304)
    asked = headers.get("range")
    # If-Range compares strongly; a date never matches, because nothing here has one (§13.1.5).
    if asked is None or headers.get("if-range", etag).strip() != etag:
        return Part(200, 0, size)
    return _part(asked, size)


def _part(asked: str, size: int) -> Part:
    match = _RANGE.fullmatch(asked.strip())
    if match is None or (not match[1] and not match[2]) or max(map(len, match.groups())) > _MOST_DIGITS:
        return Part(200, 0, size)  # another unit, several ranges, or no range at all: as if it were not there
    first, last = match[1], match[2]
    if not first:  # the last bytes
        length = min(int(last), size)
        return Part(206, size - length, length) if length else Part(416)
    start, end = int(first), int(last) if last else size - 1
    if last and end < start:
        return Part(200, 0, size)  # invalid
    if start >= size:
        return Part(416)
    return Part(206, start, min(end, size - 1) - start + 1)


def _tags(text: str) -> list[str]:
    return [tag.strip() for tag in text.split(",")]
