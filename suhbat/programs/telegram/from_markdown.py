"""A message of this server as plain text with Telegram's entities. Pure, in linear time.

The text is the source without its markup; line ends, list signs and everything else stay as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from suhbat.protocol.markdown import Block, CodeBlock, Exists, Inline, ListBlock, Paragraph, Quote, parse

from .entities import Entity, MarkedText, ordered

_TYPES = {"strong": "bold", "em": "italic", "strike": "strikethrough"}
_WORDS = re.compile(r"(?<![\w/@<>])(?:(/[A-Za-z0-9_]{1,64}(?:@[\w.-]{1,64})?)|(#[^\W_]\w{0,254}))(?![\w/])")
"""Commands and hash tags, each at the beginning of a word."""


def from_markdown(source: str, exists: Exists = lambda name: False) -> MarkedText:
    """`exists`: whether somebody has this folded name; a mention ends with the longest one."""
    writer = _Writer()
    writer.blocks(parse(source, exists), source.count("\n") + 1)
    text = "".join(writer.written)
    marked = ordered(writer.found)
    return MarkedText(text, ordered([*marked, *_words(text, marked)]))


class _Writer:
    def __init__(self) -> None:
        self.written: list[str] = []
        self.found: list[Entity] = []
        self._length = 0

    def _write(self, text: str) -> None:
        self.written.append(text)
        self._length += len(text)

    def _mark(self, type: str, start: int, argument: str = "") -> None:
        self.found.append(Entity(type, start, self._length, argument))

    def blocks(self, blocks: Sequence[Block], lines: int) -> None:
        """Write blocks with the blank lines before and between them."""
        at = 0
        for block in blocks:
            self._write("\n" * (block.start - at + (at > 0)))
            self._block(block)
            at = block.end

    def _block(self, block: Block) -> None:
        match block:
            case Paragraph():
                self._inlines(block.children)
            case CodeBlock():
                start = self._length
                self._write(block.text)
                self._mark("pre", start, block.language)
            case Quote():
                start = self._length
                self.blocks(block.blocks, block.end - block.start)
                self._mark("blockquote", start)
            case ListBlock():
                at = block.start
                for item in block.items:
                    self._write("\n" * (item.start - at + (at > block.start)) + item.sign)
                    self.blocks(item.blocks, item.end - item.start)
                    at = item.end

    def _inlines(self, nodes: Sequence[Inline]) -> None:
        for node in nodes:
            if isinstance(node, str):
                self._write(node)
                continue
            start, first = self._length, len(self.written)
            if node.type == "break":
                self._write("\n")
            elif node.type == "code":
                self._write(node.value)
                self._mark("code", start)
            elif node.type == "mention":
                self._write(f"@{node.value}")
                self._mark("mention", start)
            else:
                self._inlines(node.children)
                if node.type == "link":
                    self._link(node.value, start, "".join(self.written[first:]))
                else:
                    self._mark(_TYPES[node.type], start)

    def _link(self, href: str, start: int, shown: str) -> None:
        is_address = href in (shown, f"https://{shown}")
        self._mark("url" if is_address else "email" if href == f"mailto:{shown}" else "text_link", start, href)


def _words(text: str, marked: Sequence[Entity]) -> list[Entity]:
    """The commands and hash tags outside of code and links."""
    closed = [one for one in marked if one.type in ("code", "pre", "url", "text_link", "email", "mention")]
    found: list[Entity] = []
    at = 0
    for word in _WORDS.finditer(text):
        while at < len(closed) and closed[at].end <= word.start():
            at += 1
        if at < len(closed) and closed[at].start < word.end() and closed[at].type != "mention":
            continue
        found.append(Entity("bot_command" if word[1] else "hashtag", word.start(), word.end()))
    return found
