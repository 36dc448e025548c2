"""The names after an @, as suhbat/web/js/text/mentions.js finds them. `protocol.mentions` decides which of them count."""

from __future__ import annotations

import re
from collections.abc import Callable

from suhbat.protocol.mentions import EVERYBODY, fold

from .letters import is_marked_word, is_word
from .nodes import Exists

_LONGEST = 128
_MARKS = "'\u2018\u2019\u02bb\u02bc\uff07\uff40"
_IN_NAMES = frozenset("_.-" + _MARKS)
_BREAKS = re.compile(rf"[-_.`{_MARKS}]")
_LAST = "-_.`" + _MARKS


def name_run(text: str, at: int, is_code: Callable[[int], bool]) -> str:
    """The text after the @ at this place that may be a name; empty if it cannot be a mention. `is_code`: whether a backtick
    there begins code."""
    before = text[max(0, at - 300) : at].rstrip("_")
    if before and (is_marked_word(before[-1]) or before[-1] == "@"):
        return ""  # _@ali_ is emphasis, a_@b is a mail address
    end = at + 1
    while end < len(text):
        if text[end] in _IN_NAMES or is_marked_word(text[end]):
            end += 1
        elif text[end] == "`" and text[end + 1 : end + 2] != "`" and not is_code(end):
            end += 1  # some keyboards type it as an apostrophe
        else:
            break
    return text[at + 1 : end] if end - at - 1 <= _LONGEST else ""


def meant(found: str, exists: Exists) -> str:
    """The longest existing name at the start of the text after an @, which is shortened only at signs; if there is none, the
    text without the signs at its end."""
    ends = [*(sign.start() for sign in _BREAKS.finditer(found)), len(found)]
    for end in reversed(ends):
        folded = fold(found[:end])
        if folded and (folded in EVERYBODY or exists(folded)):
            return found[:end]
    name = found.rstrip(_LAST)
    return name if any(map(is_word, name)) else ""
