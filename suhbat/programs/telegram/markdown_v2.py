"""Telegram's MarkdownV2 (https://core.telegram.org/bots/api#markdownv2-style), parsed as strictly as Telegram does. Pure, in
linear time."""

from __future__ import annotations

import re

from .entities import Entity, MarkedText
from .parsing import NestedParser, OpenEntity

_RESERVED = "_*[]()~`>#+-=|{}.!"
_ESCAPED = re.compile(r"\\([\x01-\x7e])")
_PLAIN = re.compile(rf"[^\\\n{re.escape(_RESERVED)}]+")
_LANGUAGE = re.compile(r"[^\s`]+(?=\s)")
_TYPES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
"""Telegram's own names, for its error texts."""
_ENDS = {"bold": "*", "strikethrough": "~", "underline": "__", "spoiler": "||", "text_link": "]", "custom_emoji": "]"}


def parse(source: str) -> MarkedText:
    """Raises ValueError with Telegram's description."""
    return _Parser(source).parse()


class _Parser(NestedParser):
    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._is_line_start = True
        self._quote_start: int | None = None
        """Where in the text the quotation begins that is open."""

    def _take(self) -> None:
        source = self._source
        letter = source[self._at]
        inner = self._open[-1].type if self._open else ""
        escaped = _ESCAPED.match(source, self._at) if letter == "\\" else None
        if escaped is not None:
            self._write(escaped[1], 2)
        elif inner in ("code", "pre"):
            self._in_code(inner)
        elif plain := _PLAIN.match(source, self._at):
            self._write(plain[0], len(plain[0]))
        elif letter == "\n":
            self._line_end()
        elif letter == "\\":
            self._write(letter, 1)
        elif not self._ends(inner):
            self._begins(letter)

    def _end(self) -> None:
        if self._open:
            self._raise_open(self._open[-1])
        self._end_quote()

    def _write(self, text: str, taken: int) -> None:
        super()._write(text, taken)
        self._is_line_start = False

    def _raise_open(self, opened: OpenEntity) -> None:
        name = "PreCode" if opened.type == "pre" and opened.argument else _TYPES[opened.type]
        raise ValueError(f"Can't find end of {name} entity at byte offset {self._offset(opened.begin)}")

    def _raise_reserved(self, letter: str) -> None:
        raise ValueError(f"Character '{letter}' is reserved and must be escaped with the preceding '\\'")

    def _in_code(self, inner: str) -> None:
        source, mark = self._source, "`" if inner == "code" else "```"
        if source.startswith(mark, self._at):
            self._close(len(mark))
            return
        if source[self._at] == "`":
            self._raise_reserved("`")
        found = re.compile(r"[^`\\]+").match(source, self._at)
        text = found[0] if found is not None else source[self._at]
        self._write(text, len(text))

    def _line_end(self) -> None:
        source = self._source
        if self._quote_start is not None and source[self._at + 1 : self._at + 2] != ">":
            self._end_quote()
            self._write("\n", 1)
        elif self._quote_start is not None:
            self._write("\n", 2)
            return
        else:
            self._write("\n", 1)
        self._is_line_start = True

    def _end_quote(self) -> None:
        if (start := self._quote_start) is not None and start < self._length:
            self._found.append(Entity("blockquote", start, self._length))
        self._quote_start = None

    def _ends(self, inner: str) -> bool:
        """Close the innermost entity if it ends here."""
        source, at = self._source, self._at
        if inner == "italic" and source[at] == "_" and not source.startswith("__", at):
            self._close(1)
            return True
        mark = _ENDS.get(inner)
        if mark is None or not source.startswith(mark, at):
            return False
        if inner in ("text_link", "custom_emoji"):
            self._close_link()
        else:
            self._close(len(mark))
        return True

    def _close(self, taken: int) -> None:
        opened = self._open.pop()
        self._at += taken
        self._is_line_start = False
        if opened.start < self._length and opened.type != "custom_emoji":
            self._found.append(Entity(opened.type, opened.start, self._length, opened.argument))

    def _close_link(self) -> None:
        source, opened = self._source, self._open[-1]
        taken = 1
        if source.startswith("](", self._at):
            url: list[str] = []
            at = begin = self._at + 2
            while at < len(source) and source[at] != ")":
                escaped = _ESCAPED.match(source, at)
                url.append(source[at] if escaped is None else escaped[1])
                at += 1 if escaped is None else 2
            if at >= len(source):
                raise ValueError(f"Can't find end of a URL at byte offset {self._offset(begin)}")
            opened.argument = "".join(url)
            taken = at + 1 - self._at
        elif opened.type == "text_link":
            opened.argument = self._text_of(opened)
        self._close(taken)

    def _begins(self, letter: str) -> None:
        source, at = self._source, self._at
        if letter == ">" and self._is_line_start and not self._open:
            self._quote_start = self._length
            self._at += 1
            self._is_line_start = False
            return
        if source.startswith("**>", at) and self._is_line_start and not self._open:  # an expandable quotation begins
            self._at += 2
            return
        if self._quote_start is not None and source.startswith("||", at) and source[at + 2 : at + 3] in ("", "\n"):
            self._at += 2  # the end of an expandable quotation
            return
        argument = ""
        taken = 1
        match letter:
            case "*":
                kind = "bold"
            case "_":
                kind, taken = ("underline", 2) if source.startswith("__", at) else ("italic", 1)
            case "~":
                kind = "strikethrough"
            case "|" if source.startswith("||", at):
                kind, taken = "spoiler", 2
            case "[":
                kind = "text_link"
            case "!" if source.startswith("![", at):
                kind, taken = "custom_emoji", 2
            case "`" if source.startswith("```", at):
                kind, taken = "pre", 3
                if language := _LANGUAGE.match(source, at + 3):
                    argument, taken = language[0], taken + len(language[0])
                taken += len(_newline(source, at + taken))
            case "`":
                kind = "code"
            case _:
                self._raise_reserved(letter)
        self._begin(kind, argument, taken)
        self._is_line_start = False


def _newline(source: str, at: int) -> str:
    """The line end that follows the opening marks of a code block and does not belong to the code."""
    return next((end for end in ("\r\n", "\n\r", "\n", "\r") if source.startswith(end, at)), "")
