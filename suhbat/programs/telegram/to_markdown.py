r"""Marked text as the Markdown of this server. Pure; takes linear time.

The text is exact, but for white space on blank lines and for line ends around quotes and blocks of code. An entity that our
Markdown cannot express is left out: underline, spoiler and custom emoji everywhere, emphasis where a letter touches it on the
wrong side. What would be read as markup is escaped, but nothing else is, because the simple dialect shows texts as they are
stored. The result is read back, and what was not read as it was meant is written in a simpler way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .entities import Entity, MarkedText
from .escaping import Escaping, escaped
from .from_markdown import from_markdown
from .laying_out import BLOCKS, STYLES, laid_out, normal

_MARKS = {"bold": "**", "strikethrough": "~~"}
_RUNS = re.compile("`+")
_IN_URL = re.compile(r"[()\\<>]")
_ROUNDS = 3


def to_markdown(marked: MarkedText) -> str:
    """The Markdown whose plain text is that of `marked`, with as many of its entities as can be expressed."""
    marked = laid_out(marked)
    chosen = marked.entities
    for rounds in range(_ROUNDS):
        for escaping in Escaping if rounds == 0 else (Escaping.ALL,):
            written = _Writer(marked.text, chosen, escaping).write()
            read = from_markdown(written)
            found = normal(read)
            # Addresses become links by themselves.
            is_exact = read.text == marked.text and all(one in chosen or one.type in ("url", "email") for one in found)
            kept = _kept(found)
            if is_exact and kept.issuperset(chosen):
                return written
        if is_exact:
            chosen = tuple(one for one in chosen if one in kept)
        else:
            chosen = tuple(one for one in chosen if one.type not in STYLES) if rounds == 0 else ()
    return _Writer(marked.text, (), Escaping.ALL).write()


def _kept(found: Iterable[Entity]) -> set[Entity]:
    """What was read back, addresses also as the links that they may have been."""
    links = {Entity("text_link", one.start, one.end, one.argument) for one in found if one.type in ("url", "email")}
    return {*found, *links}


class _Writer:
    def __init__(self, text: str, entities: Sequence[Entity], escaping: Escaping) -> None:
        self._text = text
        self._escaping = escaping
        self._blocks = [one for one in entities if one.type in BLOCKS]
        self._inline = [one for one in entities if one.type not in BLOCKS]
        self._next = 0
        """The first of `_inline` that is not written yet."""

    def write(self) -> str:
        return "\n".join(self._lines(0, len(self._text), self._blocks))

    def _lines(self, start: int, end: int, blocks: Sequence[Entity]) -> list[str]:
        """The lines between these places, each of which is at the beginning or the end of one."""
        written: list[str] = []
        at, number = start, 0
        while number < len(blocks):
            block = blocks[number]
            inner = number + 1
            while inner < len(blocks) and blocks[inner].end <= block.end:
                inner += 1
            if at < block.start:
                written += self._plain(at, block.start - 1)
            if block.type == "pre":
                written += self._code_block(block)
            else:
                quoted = self._lines(block.start, block.end, blocks[number + 1 : inner])
                written += [f"> {line}" if line else ">" for line in quoted]
            at, number = block.end + 1, inner
        if at <= end:
            written += self._plain(at, end)
        return written

    def _plain(self, start: int, end: int) -> list[str]:
        written: list[str] = []
        for line in self._text[start:end].split("\n"):
            written.append(self._line(start, start + len(line)))
            start += len(line) + 1
        return written

    def _code_block(self, block: Entity) -> list[str]:
        code = self._text[block.start : block.end]
        fence = "`" * max([2, *map(len, _RUNS.findall(code))]) + "`"
        return [fence + block.argument, *code.split("\n"), fence]

    def _line(self, start: int, end: int) -> str:
        inline = self._inline
        while self._next < len(inline) and inline[self._next].start < start:
            self._next += 1
        written: list[str] = []
        open: list[Entity] = []
        at = start

        def upto(place: int) -> None:
            nonlocal at
            is_in_link = any(one.type == "text_link" for one in open)
            written.append(escaped(self._text, at, place, self._escaping, is_in_link=is_in_link))
            at = place

        def close(place: int) -> None:
            while open and open[-1].end <= place:
                upto(open[-1].end)
                written.append(self._end(open.pop()))

        while self._next < len(inline) and inline[self._next].start < end:
            entity = inline[self._next]
            self._next += 1
            close(entity.start)
            upto(entity.start)
            if entity.type == "code":
                written.append(_code(self._text[entity.start : entity.end]))
                at = entity.end
            else:
                open.append(entity)
                written.append("[" if entity.type == "text_link" else self._mark(entity))
        close(end)
        upto(end)
        return "".join(written)

    def _end(self, entity: Entity) -> str:
        if entity.type == "text_link":
            return f"]({_IN_URL.sub(lambda sign: chr(92) + sign[0], entity.argument)})"
        return self._mark(entity)

    def _mark(self, entity: Entity) -> str:
        if entity.type != "italic":
            return _MARKS[entity.type]
        # An underline next to a letter is a part of the word.
        around = self._text[entity.start - 1 : entity.start] + self._text[entity.end : entity.end + 1]
        return "*" if any(map(str.isalnum, around)) else "_"


def _code(text: str) -> str:
    fence = "`"
    while fence in _RUNS.findall(text):
        fence += "`"
    is_padded = text[0] == "`" or text[-1] == "`" or (text[0] == text[-1] == " " and bool(text.strip(" ")))
    return f"{fence} {text} {fence}" if is_padded else f"{fence}{text}{fence}"
