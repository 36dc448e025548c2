"""Telegram's HTML (https://core.telegram.org/bots/api#html-style), parsed as strictly as Telegram does. Pure, in linear
time."""

from __future__ import annotations

import re

from .entities import Entity, MarkedText
from .parsing import NestedParser, OpenEntity

_TAGS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_SPACE = " \t\r\n\0\v"
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}));?|(lt|gt|amp|quot);?)")
_PLAIN = re.compile(r"[^&<]+")
_NAME = re.compile(rf"[^{_SPACE}>]*")
_ATTRIBUTE = re.compile(rf"[^{_SPACE}=>/\"']*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_BLANK = re.compile(rf"[{_SPACE}]*")


def parse(source: str) -> MarkedText:
    """Raises ValueError with Telegram's description."""
    return _Parser(source).parse()


class _Parser(NestedParser):
    def _take(self) -> None:
        source = self._source
        if plain := _PLAIN.match(source, self._at):
            self._write(plain[0], len(plain[0]))
        elif source[self._at] == "&":
            letter, after = _reference(source, self._at)
            self._write(letter, after - self._at)
        elif source.startswith("</", self._at):
            self._end_tag()
        else:
            self._start_tag()

    def _end(self) -> None:
        if self._open:
            raise ValueError(f'Can\'t find end tag corresponding to start tag "{self._open[-1].type}"')

    def _start_tag(self) -> None:
        source, begin = self._source, self._at
        name = _matched(_NAME, source, begin + 1)
        at = begin + 1 + len(name)
        if at >= len(source):
            raise ValueError(f"Unclosed start tag at byte offset {self._offset(begin)}")
        tag = name.lower()
        if tag not in _TAGS:
            raise ValueError(f'Unsupported start tag "{tag}" at byte offset {self._offset(begin)}')
        argument = ""
        while True:
            at += len(_matched(_BLANK, source, at))
            if source[at : at + 1] == ">":
                break
            name, value, at = self._attribute(tag, begin, at)
            argument = _argument(tag, name, value, argument)
        if tag == "span" and argument != "spoiler":
            raise ValueError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._offset(begin)}')
        self._begin(tag, argument, at + 1 - begin)

    def _attribute(self, tag: str, begin: int, at: int) -> tuple[str, str, int]:
        """The name and the value of the attribute at this place, and the place after it."""
        source = self._source
        name = _matched(_ATTRIBUTE, source, at)
        if at >= len(source):
            raise ValueError(f'Unclosed start tag "{tag}" at byte offset {self._offset(begin)}')
        if not name:
            raise ValueError(f'Empty attribute name in the tag "{tag}" at byte offset {self._offset(begin)}')
        at += len(name)
        at += len(_matched(_BLANK, source, at))
        if at >= len(source):
            raise ValueError(f'Unclosed start tag "{tag}" at byte offset {self._offset(begin)}')
        if source[at] != "=":
            return name, "", at
        at += 1
        at += len(_matched(_BLANK, source, at))
        if at >= len(source):
            raise ValueError(f'Unclosed start tag "{tag}" at byte offset {self._offset(begin)}')
        if source[at] in "'\"":
            end = source.find(source[at], at + 1)
            if end < 0 or end + 1 >= len(source):
                raise ValueError(f"Unclosed start tag at byte offset {self._offset(begin)}")
            return name, _REFERENCE.sub(_letter, source[at + 1 : end]), end + 1
        token = _matched(_TOKEN, source, at)
        end = at + len(token)
        if end >= len(source) or source[end] not in _SPACE + ">":
            raise ValueError(f"Unexpected end of name token at byte offset {self._offset(at)}")
        return name, token.lower(), end

    def _end_tag(self) -> None:
        source, begin = self._source, self._at
        if not self._open:
            raise ValueError(f"Unexpected end tag at byte offset {self._offset(begin)}")
        name = _matched(_NAME, source, begin + 2)
        at = begin + 2 + len(name)
        at += len(_matched(_BLANK, source, at))
        if source[at : at + 1] != ">":
            raise ValueError(f"Unclosed end tag at byte offset {self._offset(begin)}")
        opened = self._open.pop()
        if name and name.lower() != opened.type:
            raise ValueError(
                f'Unmatched end tag at byte offset {self._offset(begin)}, expected "</{opened.type}>", found "</{name}>"'
            )
        self._at = at + 1
        if opened.start < self._length:
            self._add(opened)

    def _add(self, opened: OpenEntity) -> None:
        kind, argument = _TAGS[opened.type], opened.argument
        if kind == "text_link" and not argument:
            argument = self._text_of(opened)
        if kind == "code" and self._open and self._open[-1].type == "pre" and self._open[-1].start == opened.start:
            self._open[-1].argument = self._open[-1].argument or argument
            return  # <pre><code class="language-…">
        if kind == "pre" and argument:
            argument = argument.removeprefix("language-")
        self._found.append(Entity(kind, opened.start, self._length, argument if kind in ("text_link", "pre") else ""))


def _argument(tag: str, name: str, value: str, known: str) -> str:
    """What is kept of an attribute."""
    if tag == "a" and name == "href":
        return value
    if tag == "code" and name == "class" and value.startswith("language-"):
        return value.removeprefix("language-")
    if tag == "span" and name == "class" and value.startswith("tg-"):
        return value.removeprefix("tg-")
    return known


def _matched(pattern: re.Pattern[str], source: str, at: int) -> str:
    found = pattern.match(source, at)
    return "" if found is None else found[0]


def _reference(source: str, at: int) -> tuple[str, int]:
    """The character of a reference, or the ampersand itself; and the place after it."""
    found = _REFERENCE.match(source, at)
    return ("&", at + 1) if found is None else (_letter(found), found.end())


def _letter(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    code = int(found[1], 16) if found[1] else int(found[2])
    if code == 0 or code >= 0x10FFFF or 0xD800 <= code < 0xE000:
        return found[0]
    return chr(code)
