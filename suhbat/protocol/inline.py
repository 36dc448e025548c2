"""What stands within a paragraph: code, links and addresses, which names and emphasis do not reach into. Pure.

The page has the same in suhbat/web/js/text/inlines.js and links.js.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

ESCAPES = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
ANGLE = re.compile(
    r"<(?:(?:https?|mailto):[^\s<>]{0,2000}|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9][a-z0-9.-]{0,250})>", re.IGNORECASE
)
_SAFE = r"(?:https?://|mailto:)"
TARGET = re.compile(
    rf"\(\s*(?:<{_SAFE}[^<>\n]*+>|{_SAFE}(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.|\([^\s()]*+\))*+\))*+)"
    r"(?:\s+(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\)))?+\s*+\)",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:https?://|www\.(?=\w))(?:\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253})(?::[0-9]{1,5})?", re.IGNORECASE)
_USER = re.compile(r"[^\s/?#<>\"]{0,300}@")
_IN_ADDRESS = frozenset("!#$%&'*+,./:;=?@_~-")
_OPENING = {")": "(", "]": "[", "}": "{"}


class Paragraph:
    """A paragraph, to be read once from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._codes: dict[int, list[int]] = {}
        for found in re.finditer("`+", text):
            self._codes.setdefault(len(found[0]), []).append(found.start())

    def code_end(self, at: int, length: int) -> int | None:
        """The position after the code that begins with these backticks; None if it has no end."""
        starts = self._codes.get(length, [])
        after = bisect_right(starts, at)
        return None if after == len(starts) else starts[after] + length

    def address_end(self, at: int) -> int | None:
        """The position after the address that begins here, or None; see suhbat/web/js/text/links.js."""
        text = self.text
        if at and (is_word(text[at - 1]) or text[at - 1] in "@/.-"):
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
            elif sign not in _IN_ADDRESS and not is_word(sign):
                break
            end += 1
        return end


def is_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"
