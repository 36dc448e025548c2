"""How lines of Markdown begin: fences, quotes, items of lists, indentation; as suhbat/web/js/text/blocks.js reads them. Pure.

The parser (`markdown.blocks`) and the search for mentions (`paragraphs`) use it, so that both find the same blocks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

SPACES = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""JavaScript's white space, which differs from Python's in a few control characters."""
DEEPEST = 6
"""Quotes and lists within each other."""
_REST = "[^\n\r\u2028\u2029]*"
_FENCE = re.compile(rf"( {{0,3}})(```+|~~~+)[ \t]*([A-Za-z0-9_+#.-]{{0,20}})({_REST})\Z")
_QUOTE = re.compile(r" {0,3}>")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}\Z")
_ITEM = re.compile(rf"([ \t]*)([-*+]|[0-9]{{1,9}}[.)])(?:([ \t]+)({_REST})|)\Z")
_SIGN = re.compile(r"[-*+]|[0-9]{1,9}[.)]")


def fence(line: str) -> re.Match[str] | None:
    """The beginning of fenced code: its indentation, mark, language, and the rest of the line."""
    found = _FENCE.match(line)
    # A backtick after opening backticks means code within a line.
    return None if found is None or (found[2][0] == "`" and "`" in found[4]) else found


def closes(line: str, mark: str) -> bool:
    """Whether the line ends the code that began with this mark."""
    signs = line.strip(SPACES)
    return len(signs) >= len(mark) and columns(line) < 4 and signs == mark[0] * len(signs)


@dataclass(frozen=True, slots=True)
class ItemStart:
    """The beginning of a list item: `indent` is the column of its sign, `offset` that of its text."""

    indent: int
    offset: int
    number: int | None
    mark: str
    empty: bool


def item(line: str) -> ItemStart | None:
    """The beginning of a list item, if the line is one."""
    found = _ITEM.match(line)
    if found is None or _RULE.match(line):
        return None
    before, sign, space, text = found[1], found[2], found[3] or "", found[4] or ""
    indent = columns(before)
    if indent > 3:
        return None
    width = columns(" " * (indent + len(sign)) + space) - indent - len(sign)
    offset = indent + len(sign) + (width if text and width < 5 else 1)
    return ItemStart(indent, offset, int(sign[:-1]) if len(sign) > 1 else None, sign[-1], not text.strip(SPACES))


def is_quoted(line: str) -> bool:
    """Whether the line belongs to a quote."""
    return _QUOTE.match(line) is not None


def quote(lines: list[str], at: int) -> tuple[list[str], int]:
    """The lines within the quote that begins at `at`, and the index of the line after it."""
    start = at
    while at < len(lines) and is_quoted(lines[at]):
        at += 1
    return [dedent(quoted[quoted.index(">") + 1 :], 1) for quoted in lines[start:at]], at


class ItemLines(NamedTuple):
    """`at`: the index of its first line; `sign`: what stands before its text, if that is known; `lines`: those within."""

    at: int
    sign: str
    lines: list[str]


def items(lines: list[str], start: int, first: ItemStart) -> list[ItemLines]:
    """The items of the list that begins at `start` with `first`. Blank lines after the last one do not belong to it."""
    found: list[ItemLines] = []
    last, blank, at = first, 0, start
    while at < len(lines):
        line = lines[at]
        if not line.strip(SPACES):
            blank += 1
            at += 1
            continue
        one = item(line)
        is_next = one is not None and (one.number is None) == (first.number is None) and one.mark == first.mark
        indent = columns(line)
        # Two spaces are enough to continue "10. text", because people write it so.
        if at > start and (indent >= last.offset or (indent >= last.indent + 2 and not is_next)):
            found[-1].lines.extend([*[""] * blank, dedent(line, last.offset)])
        elif one is not None and is_next:
            last = one
            text = dedent(_SIGN.sub(lambda sign: " " * len(sign[0]), line, count=1), last.offset)
            sign = line[: len(line) - len(text)] if line.endswith(text) else ""
            found.append(ItemLines(at, sign, [text]))
        else:
            break
        blank = 0
        at += 1
    return found


def columns(line: str) -> int:
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


def dedent(line: str, count: int) -> str:
    """The line without its first `count` columns of indentation, or without all of it."""
    column = at = 0
    while column < count and at < len(line) and line[at] in " \t":
        column += 1 if line[at] == " " else 4 - column % 4
        at += 1
    return " " * max(0, column - count) + line[at:]
