"""Parses lines into paragraphs, quotes, lists and code, as suhbat/web/js/text/blocks.js does. Each line is read once for each
quote and list that contains it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .inlines import inline
from .letters import SPACES
from .nodes import Block, CodeBlock, Exists, ListBlock, ListItem, Paragraph, Quote

_DEEPEST = 6
"""Quotes and lists within each other."""
_REST = "[^\n\r\u2028\u2029]*"
_FENCE = re.compile(rf"( {{0,3}})(```+|~~~+)[ \t]*([A-Za-z0-9_+#.-]{{0,20}})({_REST})\Z")
_QUOTE = re.compile(r" {0,3}>")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}\Z")
_ITEM = re.compile(rf"([ \t]*)([-*+]|[0-9]{{1,9}}[.)])(?:([ \t]+)({_REST})|)\Z")
_SIGN = re.compile(r"[-*+]|[0-9]{1,9}[.)]")


def parse(text: str, exists: Exists = lambda name: False) -> tuple[Block, ...]:
    """The blocks of a text. `exists` decides where a mention ends; without it, after the longest possible name."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return tuple(_blocks(text.split("\n"), 0, exists))


def _blocks(lines: list[str], depth: int, exists: Exists) -> list[Block]:
    found: list[Block] = []
    first = at = 0  # a paragraph extends from `first` up to `at`

    def flush() -> None:
        if first < at:
            found.append(Paragraph(first, at, inline("\n".join(lines[first:at]), exists)))

    while at < len(lines):
        line = lines[at]
        fence = _fence(line)
        item = _item(line) if depth < _DEEPEST else None
        if fence is not None:
            flush()
            start, at = at, at + 1
            while at < len(lines) and not _closes(lines[at], fence[2]):
                at += 1
            inner = [_dedent(code, len(fence[1])) for code in lines[start + 1 : at]]
            at = min(at + 1, len(lines))
            found.append(CodeBlock(start, at, fence[3], "\n".join(inner)))
        elif depth < _DEEPEST and _QUOTE.match(line):
            flush()
            start = at
            while at < len(lines) and _QUOTE.match(lines[at]):
                at += 1
            inner = [_dedent(quoted[quoted.index(">") + 1 :], 1) for quoted in lines[start:at]]
            found.append(Quote(start, at, tuple(_blocks(inner, depth + 1, exists))))
        elif item is not None and not item.empty and (first == at or item.number in (None, 1)):
            flush()
            shown = _list(lines, at, item, depth, exists)
            found.append(shown)
            at = shown.end
        elif line.strip(SPACES):
            at += 1
            continue  # the paragraph goes on
        else:
            flush()
            at += 1
        first = at
    flush()
    return found


def _fence(line: str) -> re.Match[str] | None:
    found = _FENCE.match(line)
    # A backtick after opening backticks means code within a line.
    return None if found is None or (found[2][0] == "`" and "`" in found[4]) else found


def _closes(line: str, mark: str) -> bool:
    signs = line.strip(SPACES)
    return len(signs) >= len(mark) and _columns(line) < 4 and signs == mark[0] * len(signs)


@dataclass(frozen=True, slots=True)
class _Item:
    """The beginning of a list item: `indent` is the column of its sign, `offset` that of its text."""

    indent: int
    offset: int
    number: int | None
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
    return _Item(indent, offset, int(sign[:-1]) if len(sign) > 1 else None, sign[-1], not text.strip(SPACES))


def _list(lines: list[str], start: int, first: _Item, depth: int, exists: Exists) -> ListBlock:
    items: list[tuple[int, str, list[str]]] = []
    last, blank, at = first, 0, start
    while at < len(lines):
        line = lines[at]
        if not line.strip(SPACES):
            blank += 1
            at += 1
            continue
        item = _item(line)
        is_next = item is not None and (item.number is None) == (first.number is None) and item.mark == first.mark
        indent = _columns(line)
        # Two spaces are enough to continue "10. text", because people write it so.
        if at > start and (indent >= last.offset or (indent >= last.indent + 2 and not is_next)):
            items[-1][2].extend([*[""] * blank, _dedent(line, last.offset)])
        elif item is not None and is_next:
            last = item
            text = _dedent(_SIGN.sub(lambda sign: " " * len(sign[0]), line, count=1), last.offset)
            items.append((at, line[: len(line) - len(text)] if line.endswith(text) else "", [text]))
        else:
            break
        blank = 0
        at += 1
    shown = tuple(
        ListItem(at, at + len(inner), sign, tuple(_blocks(inner, depth + 1, exists))) for at, sign, inner in items
    )
    return ListBlock(start, shown[-1].end, first.number, shown)


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
