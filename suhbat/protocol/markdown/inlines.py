"""Parses a paragraph: code, links, names, emphasis, as suhbat/web/js/text/inlines.js does. It reads once from left to right. An
opening bracket waits on a stack for its link; runs of * _ and ~ are left to `emphasis`."""

from __future__ import annotations

import re

from .emphasis import Item, emphasised, run
from .letters import is_escape
from .links import address, bracketed, safe, target
from .names import meant, name_run
from .nodes import Exists, Inline, Markup

_SPECIAL = re.compile(r"[\\`\[\]<@*_~\n]|https?://|www\.", re.IGNORECASE)
BREAK = Markup("break")


def inline(text: str, exists: Exists) -> tuple[Inline, ...]:
    return _Reading(text, exists).read()


class _Reading:
    def __init__(self, text: str, exists: Exists) -> None:
        self._text = text
        self._exists = exists
        self._items: list[Item] = []
        self._open: list[int] = []
        """The places in `_items` of the brackets that may begin a link."""
        self._at = 0
        self._codes: dict[int, list[int]] = {}
        """The places of the runs of backticks, by length, the first one last."""
        for found in re.finditer("`+", text):
            self._codes.setdefault(len(found[0]), []).append(found.start())
        for places in self._codes.values():
            places.reverse()

    def read(self) -> tuple[Inline, ...]:
        text = self._text
        while self._at < len(text):
            special = _SPECIAL.search(text, self._at)
            place = len(text) if special is None else special.start()
            if place > self._at:
                self._items.append(text[self._at : place])
            self._at = place
            if place < len(text):
                taken = self._special(text[place])
                if not taken:
                    self._items.append(text[place])
                self._at = place + (taken or 1)
        return emphasised(self._items)

    def _special(self, letter: str) -> int:
        """How many characters were parsed; 0 if this one has no meaning here."""
        match letter:
            case "\n":
                self._items.append(BREAK)
                return 1
            case "\\":
                return self._escaped()
            case "`":
                return self._code()
            case "[":
                self._open.append(len(self._items))
                return 0
            case "]":
                return self._link()
            case "<":
                return self._bracketed()
            case "@":
                return self._mention()
            case "*" | "_" | "~":
                return self._run(letter)
        return self._address()

    @property
    def _before(self) -> str:
        return self._text[self._at - 1] if self._at else " "

    def _escaped(self) -> int:
        following = self._text[self._at + 1 : self._at + 2]
        if following == "\n":
            self._items.append(BREAK)
            return 2
        if not following or not is_escape(following):
            return 0
        self._items.append(following)
        return 2

    def _code(self) -> int:
        text, at = self._text, self._at
        length = 1
        while text[at + length : at + length + 1] == "`":
            length += 1
        places = self._codes.get(length, [])
        while places and places[-1] <= at:
            places.pop()
        if not places:
            self._items.append("`" * length)
            return length
        end = places[-1]
        inner = text[at + length : end].replace("\n", " ")
        self._items.append(Markup("code", value=inner[1:-1] if _is_padded(inner) else inner))
        return end + length - at

    def _link(self) -> int:
        """Handle the end of a link's text. Its emphasis is parsed separately, and it contains no link and no name."""
        if not self._open:
            return 0
        start = self._open.pop()
        end, href = target(self._text, self._at + 1)
        if end < 0 or not safe(href):
            return 0
        children = emphasised(self._items[start + 1 :])
        del self._items[start:]
        self._items.append(Markup("link", tuple(map(_unlinked, children)), href))
        self._open.clear()  # links cannot be nested
        return end - self._at

    def _bracketed(self) -> int:
        found = bracketed(self._text, self._at)
        if found is None or not safe(found.href):
            return 0
        self._items.append(Markup("link", (found.text,), found.href))
        return found.end - self._at

    def _address(self) -> int:
        found = address(self._text, self._at, self._before)
        if found is None:
            return 0
        self._items.append(Markup("link", (found.text,), found.href) if found.href else found.text)
        return found.end - self._at

    def _mention(self) -> int:
        singles = self._codes.get(1, [])
        name = meant(name_run(self._text, self._at, lambda at: bool(singles) and singles[0] > at), self._exists)
        if not name:
            return 0
        self._items.append(Markup("mention", value=name))
        return len(name) + 1

    def _run(self, letter: str) -> int:
        text, at = self._text, self._at
        length = 1
        while text[at + length : at + length + 1] == letter:
            length += 1
        self._items.append(run(letter, length, self._before, text[at + length : at + length + 1] or " "))
        return length


def _is_padded(code: str) -> bool:
    """Whether there is a space on either side, and more than spaces."""
    return code[:1] == code[-1:] == " " and bool(code.strip(" "))


def _unlinked(node: Inline) -> Inline:
    if isinstance(node, str):
        return node
    if node.type == "mention":
        return f"@{node.value}"
    if node.type == "link":
        return node.children[0]
    return Markup(node.type, tuple(map(_unlinked, node.children)), node.value) if node.children else node
