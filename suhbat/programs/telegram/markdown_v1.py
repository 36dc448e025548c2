"""Telegram's older Markdown (https://core.telegram.org/bots/api#markdown-style), which many bots still send. Nothing nests.
Pure, in linear time."""

from __future__ import annotations

import re

from .entities import Entity, MarkedText, ordered
from .parsing import byte_offset

_TYPES = {"_": "italic", "*": "bold", "`": "code", "[": "text_link"}
_ESCAPED = re.compile(r"\\([_*`\[])")
_PLAIN = re.compile(r"[^\\_*`\[]+|\\")
_LANGUAGE = re.compile(r"([^\s`]+)(?=\s)")
_LINE_END = re.compile(r"\r\n|\n\r|\n|\r")
_URL = re.compile(r"\]\(([^)]*)\)")


def parse(source: str) -> MarkedText:
    """Raises ValueError with Telegram's description."""
    written: list[str] = []
    found: list[Entity] = []
    at = length = 0
    while at < len(source):
        if (plain := _ESCAPED.match(source, at) or _PLAIN.match(source, at)) is not None:
            text, entity = plain[plain.re.groups], None
            at = plain.end()
        else:
            text, entity, at = _entity(source, at, length)
        written.append(text)
        length += len(text)
        if entity is not None:
            found.append(entity)
    return MarkedText("".join(written), ordered(found))


def _entity(source: str, begin: int, start: int) -> tuple[str, Entity | None, int]:
    """The text of the entity that begins here, the entity, and the place after it. `start`: where its text will be."""
    type_, argument = _TYPES[source[begin]], ""
    mark = "]" if type_ == "text_link" else source[begin]
    at = begin + 1
    if source.startswith("```", begin):
        type_, mark, at = "pre", "```", begin + 3
        if language := _LANGUAGE.match(source, at):
            argument, at = language[1], language.end()
        if line_end := _LINE_END.match(source, at):
            at = line_end.end()
    end = source.find(mark, at)
    if end < 0:
        raise ValueError(f"Can't find end of the entity starting at byte offset {byte_offset(source, begin)}")
    text, after = source[at:end], end + len(mark)
    if type_ == "text_link":
        url = _URL.match(source, end)
        argument = text if url is None else url[1]
        after = after if url is None else url.end()
    return text, Entity(type_, start, start + len(text), argument), after
