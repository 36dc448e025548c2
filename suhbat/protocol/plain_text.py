"""A message as plain text, for pushes and mails, which show no Markdown. Pure.

The page has the same for its previews (`plain` in suhbat/web/js/text/markdown.js); tests/vectors/plain.json checks both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .characters import cut
from .markdown import Block, CodeBlock, Inline, Paragraph, Quote, parse

MOST = 2_000
"""Code points of a message that are read; more than any place shows."""
_MARKUP = re.compile(r"[\\`*_~\[<]|^ {0,3}>|^[ \t]*(?:[-+]|[0-9]{1,9}[.)])[ \t]", re.MULTILINE)
"""Without any of these a text is plain already."""


def plain_text(text: str) -> str:
    """The text without its markup, in lines: paragraphs, items of lists with a sign, quotes with `>`, code as it is."""
    text = cut(text, MOST).strip()
    if _MARKUP.search(text) is None:
        return text
    return "\n".join(filter(str.strip, _lines(parse(text)))).strip() or text


def _lines(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, CodeBlock):
            yield block.text
        elif isinstance(block, Paragraph):
            yield _words(block.children)
        elif isinstance(block, Quote):
            for line in _lines(block.blocks):
                yield "> " + line.replace("\n", "\n> ")
        else:
            for number, item in enumerate(block.items, block.number or 0):
                sign = "• " if block.number is None else f"{number}. "
                for line in _lines(item.blocks):
                    yield sign + line
                    sign = ""


def _words(nodes: Sequence[Inline]) -> str:
    return "".join(map(_word, nodes))


def _word(node: Inline) -> str:
    if isinstance(node, str):
        return node
    if node.type == "break":
        return "\n"
    if node.type == "mention":
        return f"@{node.value}"
    return node.value if node.type == "code" else _words(node.children)
