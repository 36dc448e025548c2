"""Parses lines into paragraphs, quotes, lists and code, as suhbat/web/js/text/blocks.js does. Each line is read once for each
quote and list that contains it."""

from __future__ import annotations

from suhbat.protocol.lines import DEEPEST, SPACES, ItemStart, closes, dedent, fence, is_quoted, item, items, quote

from .inlines import inline
from .nodes import Block, CodeBlock, Exists, ListBlock, ListItem, Paragraph, Quote


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
        mark = fence(line)
        one = item(line) if depth < DEEPEST else None
        if mark is not None:
            flush()
            start, at = at, at + 1
            while at < len(lines) and not closes(lines[at], mark[2]):
                at += 1
            inner = [dedent(code, len(mark[1])) for code in lines[start + 1 : at]]
            at = min(at + 1, len(lines))
            found.append(CodeBlock(start, at, mark[3], "\n".join(inner)))
        elif depth < DEEPEST and is_quoted(line):
            flush()
            start = at
            inner, at = quote(lines, start)
            found.append(Quote(start, at, tuple(_blocks(inner, depth + 1, exists))))
        elif one is not None and not one.empty and (first == at or one.number in (None, 1)):
            flush()
            shown = _list(lines, at, one, depth, exists)
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


def _list(lines: list[str], start: int, first: ItemStart, depth: int, exists: Exists) -> ListBlock:
    shown = tuple(
        ListItem(at, at + len(inner), sign, tuple(_blocks(inner, depth + 1, exists)))
        for at, sign, inner in items(lines, start, first)
    )
    return ListBlock(start, shown[-1].end, first.number, shown)
