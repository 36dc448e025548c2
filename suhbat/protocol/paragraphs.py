"""Splits a message into its paragraphs without fenced code, in which mentions are searched. Pure.

The server does not render Markdown, but it must recognise code as the page does (suhbat/web/js/text/blocks.js), so that code
mentions nobody. tests/vectors/mentions.json checks both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DEEPEST = 6
"""The depth of nested quotes and lists. A line is read once for each level."""
_FENCE = re.compile(r"( {0,3})(```+|~~~+)(.*)", re.DOTALL)
_QUOTE = re.compile(r" {0,3}>")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}\Z")
_ITEM = re.compile(r"([ \t]*)([-*+]|[0-9]{1,9}[.)])(?:([ \t]+)(.*))?\Z", re.DOTALL)
_SIGN = re.compile(r"[-*+]|[0-9]{1,9}[.)]")


def paragraphs(text: str) -> Iterator[str]:
    """Each paragraph with its lines, in order, also in quotes and lists."""
    yield from _blocks(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 0)


def _blocks(lines: list[str], depth: int) -> Iterator[str]:
    paragraph: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        mark = _fence(line)
        item = _item(line) if depth < _DEEPEST else None
        if mark:
            yield from _joined(paragraph)
            at += 1
            while at < len(lines) and not _closes(lines[at], mark):
                at += 1
            at += 1
        elif depth < _DEEPEST and _QUOTE.match(line):
            yield from _joined(paragraph)
            start = at
            while at < len(lines) and _QUOTE.match(lines[at]):
                at += 1
            yield from _blocks([_dedent(quoted[quoted.index(">") + 1 :], 1) for quoted in lines[start:at]], depth + 1)
        elif item is not None and not item.empty and (not paragraph or item.start in (None, 1)):
            yield from _joined(paragraph)
            items, at = _list(lines, at, item)
            for inner in items:
                yield from _blocks(inner, depth + 1)
        else:
            if line.strip():
                paragraph.append(line)
            else:
                yield from _joined(paragraph)
            at += 1
    yield from _joined(paragraph)


def _joined(paragraph: list[str]) -> Iterator[str]:
    if paragraph:
        yield "\n".join(paragraph)
        paragraph.clear()


def _fence(line: str) -> str | None:
    found = _FENCE.match(line)
    # A backtick after opening backticks means code within a line.
    return None if found is None or (found[2][0] == "`" and "`" in found[3]) else found[2]


def _closes(line: str, mark: str) -> bool:
    signs = line.strip()
    return len(signs) >= len(mark) and _columns(line) < 4 and signs == mark[0] * len(signs)


@dataclass(frozen=True, slots=True)
class _Item:
    """The beginning of a list item: `indent` is the column of its sign, `offset` that of its text, `start` its number."""

    indent: int
    offset: int
    start: int | None
    mark: str
    empty: bool


def _item(line: str) -> _Item | None:
    found = _ITEM.match(line)
    if found is None or _RULE.match(line):
        return None
    before, sign, space, text = found[1], found[2], found[3] or "", found[4] or ""
    indent = _columns(before)
    if indent > 3:
        return None
    width = _columns(" " * (indent + len(sign)) + space) - indent - len(sign)
    offset = indent + len(sign) + (width if text and width < 5 else 1)
    return _Item(indent, offset, int(sign[:-1]) if len(sign) > 1 else None, sign[-1], not text.strip())


def _list(lines: list[str], at: int, first: _Item) -> tuple[list[list[str]], int]:
    """The lines of each item, and the index of the line after the list."""
    items: list[list[str]] = []
    last, blank, start = first, 0, at
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            blank += 1
            at += 1
            continue
        item = _item(line)
        is_next = item is not None and (item.start is None) == (first.start is None) and item.mark == first.mark
        indent = _columns(line)
        if at > start and (indent >= last.offset or (indent >= last.indent + 2 and not is_next)):
            items[-1] += [*[""] * blank, _dedent(line, last.offset)]
        elif item is not None and is_next:
            last = item
            items.append([_dedent(_SIGN.sub(lambda sign: " " * len(sign[0]), line, count=1), last.offset)])
        else:
            break
        blank = 0
        at += 1
    return items, at


def _columns(line: str) -> int:
    """The indentation of a line in columns; a tab advances to the next multiple of four."""
    column = 0
    for sign in line:
        if sign == " ":
            column += 1
        elif sign == "\t":
            column += 4 - column % 4
        else:
            break
    return column


def _dedent(line: str, count: int) -> str:
    """The line without its first `count` columns of indentation, or without all of it."""
    column = at = 0
    while column < count and at < len(line) and line[at] in " \t":
        column += 1 if line[at] == " " else 4 - column % 4
        at += 1
    return " " * max(0, column - count) + line[at:]
