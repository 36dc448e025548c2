"""The text of a message that a bot sends, in whichever of Telegram's forms. Pure."""

from __future__ import annotations

from typing import Any

from . import html, markdown_v1, markdown_v2
from .entities import MOST_ENTITIES, MarkedText, given, trimmed
from .errors import LONG_TEXT, TelegramError
from .to_markdown import to_markdown

MOST_SOURCE = 16_384
"""Characters of a text with its markup. Telegram's limit is for the text without."""


def markdown_of(text: str, parse_mode: str, entities: list[dict[str, Any]], longest: int) -> str:
    """Our Markdown of a text, which may be empty. `longest`: characters of the result. Raises TelegramError with Telegram's
    words."""
    if len(text) > MOST_SOURCE:
        raise TelegramError(LONG_TEXT)
    try:
        marked = _marked(text, parse_mode, entities)
    except ValueError as error:
        raise TelegramError(f"can't parse entities: {error}") from None
    marked = trimmed(MarkedText(marked.text, marked.entities[:MOST_ENTITIES]))
    if len(marked.text) > longest:
        raise TelegramError(LONG_TEXT)
    found = to_markdown(marked)
    if len(found) > longest:
        found = to_markdown(MarkedText(marked.text))  # what marks it up is what does not fit
    if len(found) > longest:
        raise TelegramError(LONG_TEXT)
    return found


def _marked(text: str, parse_mode: str, entities: list[dict[str, Any]]) -> MarkedText:
    match parse_mode.lower():
        case "html":
            return html.parse(text)
        case "markdownv2":
            return markdown_v2.parse(text)
        case "":
            return given(text, entities)
        case "markdown":
            return markdown_v1.parse(text)
    raise TelegramError("unsupported parse_mode")
