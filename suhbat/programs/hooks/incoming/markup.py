"""Writes Markdown around texts of strangers: what they wrote stays text. It makes no markup and mentions nobody."""

from __future__ import annotations

import re

from suhbat.protocol.types import MAX_TEXT

from .shapes import shortened

MOST_URL = 1000
"""Code points of an address. A longer one is left out, and its text stays."""

_ACTIVE = re.compile(
    r"(?P<plain>https?://[^\s<>\"`\\@*\[\]]+|~(?!~))|[\\`*\[\]<@~]|(?<!\w)_|_(?!\w)"
    r"|(?m:^)[ \t]*(?:[>+-]|\d{1,9}[.)])"
)
"""Characters that mean something in the Markdown of messages, and the beginnings of lines that would be a block. Addresses are
links of themselves and stay as they are, but for the characters that could end them."""
_URL = re.compile(r"https?://[^\s<>\\\"`\x00-\x20]+", re.IGNORECASE)
_IN_TARGET = {"(": "%28", ")": "%29"}


def escaped(text: str) -> str:
    """The text so that it is shown as it is."""
    return _ACTIVE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    text = found[0]
    return text if found["plain"] else f"{text[:-1]}\\{text[-1]}"


def code(text: str) -> str:
    """A short text in a code span; empty for an empty one."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{plain}`" if plain else ""


def bold(text: str) -> str:
    """A text in bold; empty for an empty one."""
    return f"**{escaped(text)}**" if text else ""


def address(value: object) -> str:
    """A web address that can stand in Markdown; empty for everything else."""
    if not isinstance(value, str) or len(value) > MOST_URL or not _URL.fullmatch(value := value.strip()):
        return ""
    found = "".join(_IN_TARGET.get(sign, sign) for sign in value)
    return found if found.isprintable() else ""


def link(text: str, url: object) -> str:
    """A text that links to an address; the text alone if the address is none."""
    target = address(url)
    if not text:
        return f"<{target}>" if target else ""
    return f"[{escaped(text)}]({target})" if target else escaped(text)


def quote(text: str) -> str:
    """A longer text as a quote; empty for an empty one."""
    return "\n".join(f"> {escaped(part)}" for part in text.split("\n")) if text else ""


def sentence(*parts: str) -> str:
    """The parts that are not empty, with spaces between them."""
    return " ".join(part for part in parts if part)


def whole(lines: list[str], left_out: int = 0) -> str:
    """Lines as one text of at most MAX_TEXT code points. What does not fit is left out line by line, so no markup is cut.
    `left_out`: how many things are not among the lines, which the text says."""
    taken: list[str] = []
    room = MAX_TEXT - 40
    for text in lines:
        if not text:
            continue
        room -= len(text) + 1
        if room < 0:
            left_out += 1
        else:
            taken.append(text)
    if left_out:
        mark = "- " if taken and taken[-1].startswith("- ") else ""
        taken.append(f"{mark}… and {left_out} more")
    return "\n".join(taken)


def cut_text(text: str) -> str:
    """A text of its author, at most MAX_TEXT code points."""
    return shortened(text, MAX_TEXT)
