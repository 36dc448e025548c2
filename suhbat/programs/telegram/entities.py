"""Marked text as Telegram's Bot API has it: plain text, and entities with offsets in UTF-16 code units
(https://core.telegram.org/bots/api#messageentity). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from suhbat.protocol.lines import SPACES

MOST_ENTITIES = 100
"""Entities of one text. Further ones are ignored, as Telegram does."""
_SPACES = SPACES + "\x1c\x1d\x1e\x1f\x85"


@dataclass(frozen=True, slots=True)
class Entity:
    """`start`, `end`: code points, the end exclusive. `argument`: the URL of a text_link, url or email; the language of a
    pre."""

    type: str
    start: int
    end: int
    argument: str = ""


@dataclass(frozen=True, slots=True)
class MarkedText:
    """Plain text with its entities, in the order of Telegram: by start, the longer one first."""

    text: str
    entities: tuple[Entity, ...] = ()


class Units:
    """Converts between code points and UTF-16 code units of one text, in the order of the text."""

    def __init__(self, text: str) -> None:
        self._wide = [at for at, letter in enumerate(text) if letter > "\uffff"]
        self._length = len(text)

    def of(self, at: int) -> int:
        """The code units before this code point."""
        low, high = 0, len(self._wide)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._wide[middle] < at else (low, middle)
        return at + low

    def point(self, units: int) -> int:
        """The code point at this offset, or the end of the text; within a surrogate pair, the character itself."""
        low, high = 0, min(units, self._length)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.of(middle) <= units else (low, middle - 1)
        return low


def ordered(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """The entities in the order of Telegram, without empty ones."""
    found = {one for one in entities if one.start < one.end}
    return tuple(sorted(found, key=lambda one: (one.start, -one.end, one.type, one.argument)))


def shown(marked: MarkedText) -> list[dict[str, Any]]:
    """The entities as JSON objects of the Bot API."""
    units = Units(marked.text)
    return [_shown(one, units) for one in marked.entities]


def _shown(entity: Entity, units: Units) -> dict[str, Any]:
    start, end = units.of(entity.start), units.of(entity.end)
    found: dict[str, Any] = {"type": entity.type, "offset": start, "length": end - start}
    if entity.type == "text_link":
        found["url"] = entity.argument
    elif entity.type == "pre" and entity.argument:
        found["language"] = entity.argument
    return found


def given(text: str, entities: Iterable[dict[str, Any]]) -> MarkedText:
    """Marked text of the entities that a bot sends beside a text. Offsets outside of the text are cut. Raises ValueError with
    Telegram's description for what is no entity."""
    units = Units(text)
    found: list[Entity] = []
    for one in list(entities)[:MOST_ENTITIES]:
        type_, offset, length = one.get("type"), one.get("offset"), one.get("length")
        if not isinstance(type_, str):
            raise ValueError('Field "type" must be of type String')
        if not isinstance(offset, int) or not isinstance(length, int):
            raise ValueError("entity offset and length must be of type Number")
        start, end = units.point(max(0, offset)), units.point(max(0, offset + length))
        argument = one.get("url") if type_ == "text_link" else one.get("language") if type_ == "pre" else ""
        found.append(Entity(type_, start, end, argument if isinstance(argument, str) else ""))
    return MarkedText(text, ordered(found))


def trimmed(marked: MarkedText) -> MarkedText:
    """Without white space around the text, as Telegram stores it."""
    kept = marked.text.rstrip(_SPACES)
    removed = len(kept) - len(kept.lstrip(_SPACES))
    text = kept[removed:]
    return MarkedText(
        text,
        ordered(
            Entity(one.type, max(0, one.start - removed), min(len(text), one.end - removed), one.argument)
            for one in marked.entities
        ),
    )
