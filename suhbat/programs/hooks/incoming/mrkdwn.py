"""Slack's own markup as Markdown (https://docs.slack.dev/messaging/formatting-message-text). It reads once from left to
right, in linear time."""

from __future__ import annotations

import re

from .emoji_names import with_emoji
from .markup import code, escaped, link
from .shapes import MOST_NAME

_PARTS = re.compile(
    r"```(?P<block>.*?)```|`(?P<code>[^`\n]+)`|<(?P<sign>[@#!])?(?P<target>[^<>|\n]*)(?:\|(?P<label>[^<>\n]*))?>",
    re.DOTALL,
)
"""Code, links and names: what stands in them is no emphasis."""
_BOLD = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*)(?<=[^\s*])\*(?![\w*])")
_STRIKE = re.compile(r"(?<![\w~])~(?=[^\s~])([^~\n]*)(?<=[^\s~])~(?![\w~])")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY = re.compile("&(?:lt|gt|amp);")
_EVERYBODY = frozenset(("here", "channel", "everyone"))


def to_markdown(text: str) -> str:
    """Slack's markup as Markdown. Other Markdown in it stays."""
    found: list[str] = []
    at = 0
    for part in _PARTS.finditer(text):
        found.append(_emphasised(text[at : part.start()]))
        found.append(_converted(part))
        at = part.end()
    found.append(_emphasised(text[at:]))
    return "".join(found)


def unescaped(text: str) -> str:
    """A plain text of Slack, in which only three characters are escaped."""
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[0]], text)


def _emphasised(text: str) -> str:
    # One pair of signs may enclose a link, which is a part of its own; then the signs stay as they are: * is emphasis, too.
    return unescaped(with_emoji(_STRIKE.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))))


def _converted(part: re.Match[str]) -> str:
    if part["block"] is not None:
        inner = unescaped(part["block"]).strip("\n")
        return f"\n```\n{inner}\n```\n" if inner else ""
    if part["code"] is not None:
        return code(unescaped(part["code"]))
    sign, target = part["sign"], unescaped(part["target"]).strip()
    label = unescaped(part["label"] or "").strip()[: 4 * MOST_NAME]
    if sign == "@":
        return escaped(f"@{(label or target).lstrip('@')}")
    if sign == "#":
        return escaped(f"#{(label or target).lstrip('#')}")
    if sign == "!":
        return "@all" if target.split("^")[0] in _EVERYBODY else escaped(label or target)
    if target.startswith("mailto:"):
        return label or target.removeprefix("mailto:")
    return link(label, target) or part[0]
