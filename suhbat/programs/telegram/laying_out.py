"""Brings marked text into the form that can be written as Markdown: blocks on lines of their own, and entities that nest.
Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from heapq import heapify, heappop, heappush

from suhbat.protocol.lines import SPACES
from suhbat.protocol.markdown.links import safe

from .entities import Entity, MarkedText, ordered, trimmed

STYLES = frozenset(("bold", "italic", "strikethrough"))
BLOCKS = frozenset(("pre", "blockquote"))
_INLINE = STYLES | {"code", "text_link"}
_SAME = {"expandable_blockquote": "blockquote"}
_LINE = re.compile(r"[^\n]+")
_BLANK_LINE = re.compile(rf"(?m)^[{re.escape(SPACES.replace(chr(10), ''))}]+$")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{0,20}\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_URL_SPACE = re.compile(r"\s")


def laid_out(marked: MarkedText) -> MarkedText:
    """The text without white space around it, with the entities that our Markdown has. Blocks begin and end with lines; blank
    lines have no white space. Other entities are within a line, and two that overlap are within each other."""
    marked = trimmed(marked)
    entities = [
        Entity(_SAME.get(one.type, one.type), one.start, one.end, _argument(one, marked.text))
        for one in marked.entities
    ]
    blocks = _disjoint_blocks(marked.text, (one for one in entities if one.type in BLOCKS))
    text, entities = _on_lines(marked.text, blocks, [one for one in entities if one.type in _INLINE])
    return MarkedText(text, _nested(normal(MarkedText(text, tuple(entities)))))


def normal(marked: MarkedText) -> tuple[Entity, ...]:
    """The entities that show something: those within lines split at line ends and without white space around them."""
    text = marked.text
    found: list[Entity] = []
    for one in marked.entities:
        if one.type in BLOCKS:
            found.append(Entity(one.type, one.start, _without_line_ends(text, one), one.argument))
        elif one.type in _INLINE or one.type in ("url", "email"):
            for line in _LINE.finditer(text, one.start, one.end):
                start, end = line.span()
                if one.type != "code":
                    shown = line[0].rstrip(SPACES)
                    start, end = start + len(shown) - len(shown.lstrip(SPACES)), start + len(shown)
                found.append(Entity(one.type, start, end, one.argument))
    return ordered(found)


def _argument(entity: Entity, text: str) -> str:
    if entity.type != "text_link":
        return entity.argument if entity.type == "pre" and _LANGUAGE.match(entity.argument) else ""
    url = _URL_SPACE.sub("%20", entity.argument.strip())
    if url and not _SCHEME.match(url):
        url = f"http://{url}"
    return url if safe(url) else ""


def _without_line_ends(text: str, block: Entity) -> int:
    end = block.end
    while end > block.start and text[end - 1] == "\n":
        end -= 1
    return end


def _disjoint_blocks(text: str, blocks: Iterable[Entity]) -> list[Entity]:
    """Quotes beside each other, and code beside or within them."""
    found: list[Entity] = []
    quoted = coded = 0
    for one in ordered(Entity(one.type, one.start, _without_line_ends(text, one), one.argument) for one in blocks):
        if one.start < coded or (one.start < quoted and (one.type == "blockquote" or one.end > quoted)):
            continue
        found.append(one)
        if one.type == "blockquote":
            quoted = one.end
        else:
            coded = one.end
    return found


def _on_lines(text: str, blocks: Sequence[Entity], inline: Sequence[Entity]) -> tuple[str, list[Entity]]:
    """Insert the line ends that blocks need, then clear blank lines outside of code."""
    breaks = {one.start for one in blocks if one.start and text[one.start - 1] != "\n"}
    breaks |= {one.end for one in blocks if one.end < len(text) and text[one.end] != "\n"}
    text, entities = _edited(text, [*blocks, *_outside_of_code(blocks, inline)], breaks, frozenset())
    codes = [range(one.start, one.end) for one in entities if one.type == "pre"]
    blank: set[int] = set()
    for line in _BLANK_LINE.finditer(text):
        if not any(line.start() in code for code in codes):
            blank.update(range(*line.span()))
    return _edited(text, entities, frozenset(), blank)


def _edited(text: str, entities: Sequence[Entity], breaks: Set[int], removed: Set[int]) -> tuple[str, list[Entity]]:
    """The text with a line end before each of the places `breaks` and without the letters at those `removed`."""
    starts: list[int] = []
    ends: list[int] = []
    written: list[str] = []
    for at, letter in enumerate(text):
        ends.append(len(written))
        if at in breaks:
            written.append("\n")
        starts.append(len(written))
        if at not in removed:
            written.append(letter)
    starts.append(len(written))
    ends.append(len(written))
    moved = [Entity(one.type, starts[one.start], ends[one.end], one.argument) for one in entities]
    return "".join(written), moved


def _outside_of_code(blocks: Sequence[Entity], inline: Sequence[Entity]) -> list[Entity]:
    """The inline entities as intervals that do not overlap others of their type, nor code in a wrong way."""
    found: list[Entity] = []
    codes = [one for one in blocks if one.type == "pre"]
    codes += _apart([one for one in inline if one.type == "code"], codes)
    found += [one for one in codes if one.type == "code"]
    links = [one for one in inline if one.type == "text_link" and one.argument]
    found += _apart(links, [])
    for style in STYLES:
        merged: list[Entity] = []
        for one in ordered(one for one in inline if one.type == style):
            if merged and one.start <= merged[-1].end:
                merged[-1] = Entity(style, merged[-1].start, max(merged[-1].end, one.end))
            else:
                merged.append(one)
        found += merged
    return found


def _apart(entities: Sequence[Entity], taken: Sequence[Entity]) -> list[Entity]:
    """Those of the entities that overlap no earlier one, and none that is taken."""
    found: list[Entity] = []
    for one in ordered(entities):
        if (not found or one.start >= found[-1].end) and not any(
            one.start < other.end and other.start < one.end for other in taken
        ):
            found.append(one)
    return found


def _nested(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Split entities within lines so that they nest; nothing is within code."""
    blocks = [one for one in entities if one.type in BLOCKS]
    codes = [one for one in blocks if one.type == "pre"]
    waiting = [
        (one.start, -one.end, _DEPTHS[one.type], one.argument, one.type) for one in entities if one.type in _INLINE
    ]
    heapify(waiting)
    open: list[Entity] = []
    found = blocks
    code = 0
    while waiting:
        start, negative, depth, argument, type_ = heappop(waiting)
        end = -negative
        while code < len(codes) and codes[code].end <= start:
            code += 1
        if code < len(codes) and codes[code].start < end:
            continue
        while open and open[-1].end <= start:
            open.pop()
        if open and open[-1].type == "code":
            if end > open[-1].end:
                heappush(waiting, (open[-1].end, negative, depth, argument, type_))
            continue
        if open and end > open[-1].end:
            if type_ == "code":
                continue
            heappush(waiting, (open[-1].end, negative, depth, argument, type_))
            end = open[-1].end
        open.append(Entity(type_, start, end, argument))
        found.append(open[-1])
    return tuple(sorted(found, key=lambda one: (one.start, -one.end, _DEPTHS[one.type])))


_DEPTHS = {"blockquote": -2, "pre": -1, "text_link": 0, "bold": 1, "italic": 2, "strikethrough": 3, "code": 4}
"""Which of two entities with the same place is the outer one."""
