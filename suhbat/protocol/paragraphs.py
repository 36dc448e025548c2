"""Splits a message into its paragraphs without fenced code, in which mentions are searched. Pure.

The server does not render Markdown, but it must recognise code as the page does (suhbat/web/js/text/blocks.js), so that code
mentions nobody. tests/vectors/mentions.json checks both.
"""

from __future__ import annotations

from collections.abc import Iterator

from .lines import DEEPEST, SPACES, closes, fence, is_quoted, item, items, quote


def paragraphs(text: str) -> Iterator[str]:
    """Each paragraph with its lines, in order, also in quotes and lists."""
    yield from _blocks(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 0)


def _blocks(lines: list[str], depth: int) -> Iterator[str]:
    paragraph: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        mark = fence(line)
        one = item(line) if depth < DEEPEST else None
        if mark is not None:
            yield from _joined(paragraph)
            at += 1
            while at < len(lines) and not closes(lines[at], mark[2]):
                at += 1
            at += 1
        elif depth < DEEPEST and is_quoted(line):
            yield from _joined(paragraph)
            inner, at = quote(lines, at)
            yield from _blocks(inner, depth + 1)
        elif one is not None and not one.empty and (not paragraph or one.number in (None, 1)):
            yield from _joined(paragraph)
            for start, _, inner in items(lines, at, one):
                yield from _blocks(inner, depth + 1)
                at = start + len(inner)
        else:
            if line.strip(SPACES):
                paragraph.append(line)
            else:
                yield from _joined(paragraph)
            at += 1
    yield from _joined(paragraph)


def _joined(paragraph: list[str]) -> Iterator[str]:
    if paragraph:
        yield "\n".join(paragraph)
        paragraph.clear()
