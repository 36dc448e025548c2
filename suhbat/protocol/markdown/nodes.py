"""The tree of a text in Markdown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Exists = Callable[[str], bool]
"""Whether somebody has this name, folded by `protocol.mentions.fold`."""

MarkupType = Literal["strong", "em", "strike", "link", "code", "mention", "break"]


@dataclass(frozen=True, slots=True)
class Markup:
    """Marked text within a paragraph: `children` of strong, em, strike and link; `value` is the text of code, the name of a
    mention, the target of a link."""

    type: MarkupType
    children: tuple[Inline, ...] = ()
    value: str = ""


Inline = str | Markup
"""Plain text, or a node."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`start` and `end` of every block are line numbers within what contains it, the end exclusive. The blank lines of the
    source are those between the blocks."""

    start: int
    end: int
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Fenced code. `language`: "" if none was given."""

    start: int
    end: int
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    start: int
    end: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListItem:
    """`sign`: what stands before its text, as it was written, with the spaces around it."""

    start: int
    end: int
    sign: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    """`number`: that of the first item; None for bullets."""

    start: int
    end: int
    number: int | None
    items: tuple[ListItem, ...]


Block = Paragraph | CodeBlock | Quote | ListBlock
