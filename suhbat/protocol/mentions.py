"""Finds the names that a text mentions with @, for counting, showing and notifying (docs/reference/commands.md). Pure.

A mention has no letter before its @, and is not in code, an address or a link, or after a backslash. It extends over letters,
digits, their marks, `_ - .` and apostrophes. It means the longest existing name that is left when it is shortened at those
signs, but never within a word. The page has the same in suhbat/web/js/text/mentions.js; tests/vectors/mentions.json checks
both.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator

from .paragraphs import paragraphs

EVERYBODY = frozenset(("all", "hamma", "ҳамма", "все"))
"""The words that mention everybody, in all languages."""
MAX_NAMES = 50
"""Mentions that are resolved in one message, whether their names exist or not. Further ones are ignored."""
MAX_SIGNS = 500
"""The number of @ that are examined in one message. Further ones are ignored."""
MAX_NAME_LENGTH = 32
"""Code points of a normalised name; see `identity.names`."""

_RUN = 128
"""Code points of a name as it was typed, with its marks."""
_APOSTROPHES = str.maketrans(dict.fromkeys("'`\u2018\u2019\u02bc\uff07\uff40", "\u02bb"))
_LETTERS = re.compile("[\\w.'\u2018\u2019\u02bb\u02bc\uff07\uff40-]+")
_WIDE = re.compile("[\uff01-\uffee]")
_BREAKS = re.compile("[-_.\u02bb]")
_SPECIAL = re.compile(r"\\|`+|@|\[|\]|<|https?://|www\.", re.IGNORECASE)
_MARKS = re.compile(r"[\\`\[<]|://|www\.", re.IGNORECASE)
"""Without any of these a text has no code, address or link."""
_ESCAPES = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_ANGLE = re.compile(
    r"<(?:(?:https?|mailto):[^\s<>]{0,2000}|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9][a-z0-9.-]{0,250})>", re.IGNORECASE
)
_SAFE = r"(?:https?://|mailto:)"
_TARGET = re.compile(
    rf"\(\s*(?:<{_SAFE}[^<>\n]*+>|{_SAFE}(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.|\([^\s()]*+\))*+\))*+)"
    r"(?:\s+(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\)))?+\s*+\)",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:https?://|www\.(?=\w))(?:\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253})(?::[0-9]{1,5})?", re.IGNORECASE)
_USER = re.compile(r"[^\s/?#<>\"]{0,300}@")
_IN_ADDRESS = frozenset("!#$%&'*+,./:;=?@_~-")
_OPENING = {")": "(", "]": "[", "}": "{"}


def fold(name: str) -> str:
    """The form in which names are compared. For a valid name it equals `identity.names.normalise`."""
    if name.isascii():
        return name.lower().translate(_APOSTROPHES)
    wide = _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), name)
    return unicodedata.normalize("NFC", wide.translate(_APOSTROPHES).lower())


def mentions(text: str) -> Iterator[tuple[str, ...]]:
    """For each of the first MAX_NAMES different mentions in a text: the folded names that it can mean. The first existing one
    is meant."""
    if "@" not in text:
        return
    if text.count("@") > MAX_SIGNS:
        text = "@".join(text.split("@", MAX_SIGNS + 1)[: MAX_SIGNS + 1])
    seen: set[str] = set()
    for part in paragraphs(text) if _MARKS.search(text) or "~~~" in text else (text,):
        for run in _Paragraph(part).runs():
            if run in seen:
                continue
            if len(seen) >= MAX_NAMES:
                return
            seen.add(run)
            if names := spellings(run):
                yield names


def spellings(run: str) -> tuple[str, ...]:
    """The folded names that the text after an @ can mean: all of it, then shortened at each sign between letters."""
    folded = fold(run)
    ends = [*(found.start() for found in _BREAKS.finditer(folded)), len(folded)]
    names = (folded[:end] for end in reversed(ends) if 0 < end <= MAX_NAME_LENGTH)
    return tuple(name for name in names if any(letter.isalnum() for letter in name))


class _Paragraph:
    """A paragraph, read once from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._codes: dict[int, list[int]] = {}
        for found in re.finditer("`+", text):
            self._codes.setdefault(len(found[0]), []).append(found.start())

    def runs(self) -> list[str]:
        """The text after each @ that may be a mention."""
        text, at = self.text, 0
        found: list[str] = []
        brackets: list[int] = []
        while special := _SPECIAL.search(text, at):
            at, sign = special.start(), special[0]
            if sign == "\\":
                at += 2 if text[at + 1 : at + 2] in _ESCAPES else 1
            elif sign[0] == "`":
                end = self._code_end(at, len(sign))
                at = at + len(sign) if end is None else end
            elif sign == "[":
                brackets.append(len(found))
                at += 1
            elif sign == "]":
                at += 1
                if brackets:
                    first = brackets.pop()
                    if target := _TARGET.match(text, at):
                        del found[first:]  # the text of a link mentions nobody
                        brackets.clear()
                        at = target.end()
            elif sign == "<":
                angle = _ANGLE.match(text, at)
                at = at + 1 if angle is None else angle.end()
            elif sign == "@":
                end = self._name_end(at)
                if at + 1 < end <= at + 1 + _RUN:
                    found.append(text[at + 1 : end])
                at = max(end, at + 1)
            else:
                at = self._address_end(at) or at + 1
        return found

    def _code_end(self, at: int, length: int) -> int | None:
        """The position after the code that begins with these backticks; None if it has no end."""
        starts = self._codes.get(length, [])
        after = bisect_right(starts, at)
        return None if after == len(starts) else starts[after] + length

    def _name_end(self, at: int) -> int:
        """The position after the name that follows the @ at `at`; `at` itself if it cannot be a mention."""
        text, before = self.text, at
        while before and text[before - 1] == "_":
            before -= 1  # _@ali_ is emphasised, a_@b is an address
        if before and (_is_word(text[before - 1]) or text[before - 1] == "@"):
            return at
        end = at + 1
        while end < len(text):
            if simple := _LETTERS.match(text, end):
                end = simple.end()
            elif text[end] == "`":
                # A single backtick that does not begin code is an apostrophe of the name.
                if text[end + 1 : end + 2] == "`" or self._code_end(end, 1) is not None:
                    break
                end += 1
            elif _is_word(text[end]):
                end += 1
            else:
                break
        return end

    def _address_end(self, at: int) -> int | None:
        """The position after the address that begins here, or None; see suhbat/web/js/text/links.js."""
        text = self.text
        if at and (_is_word(text[at - 1]) or text[at - 1] in "@/.-"):
            return None
        host = _HOST.match(text, at)
        if host is None:
            return None
        end = host.end()
        if text[end : end + 1] == "%" or _USER.match(text, end):
            return None
        if text[end : end + 1] not in ("/", "?", "#"):
            return end
        open: list[str] = []
        while end < len(text):
            sign = text[end]
            if sign in "([{":
                open.append(sign)
            elif sign in _OPENING:
                if not open or open.pop() != _OPENING[sign]:
                    break
            elif sign not in _IN_ADDRESS and not _is_word(sign):
                break
            end += 1
        return end


def _is_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"
