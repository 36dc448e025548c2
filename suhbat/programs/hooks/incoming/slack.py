"""Slack's format: a text, blocks (https://docs.slack.dev/reference/block-kit) and attachments
(https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .emoji_names import SHORTCODE, emoji_of
from .markup import bold, escaped, link, quote, sentence
from .mrkdwn import to_markdown, unescaped
from .shapes import Json, first, items, line, long_text, name, obj

MOST_BLOCKS = 50
"""Slack's own limit; further ones are ignored."""
MOST_ATTACHMENTS = 20
MOST_PARTS = 40
"""Fields of an attachment, elements of a block."""
MOST_MARKUP = 6000
"""Code points that are converted of one text. A message has fewer."""


def is_slack(payload: Json) -> bool:
    """Whether this may be Slack's format."""
    return any(key in payload for key in ("text", "attachments", "blocks"))


def text_of(payload: Json) -> str:
    """The message; empty if it has none. Blocks replace the text, as in Slack, where the text is for notifications."""
    blocks = "\n".join(_blocks(payload.get("blocks")))
    parts = [blocks or _markup(payload.get("text"))]
    parts += [_attachment(obj(one)) for one in items(payload.get("attachments"), MOST_ATTACHMENTS)]
    return "\n\n".join(part for part in parts if part)


def name_of(payload: Json) -> str | None:
    """The name that the message asks to be shown with."""
    return name(payload.get("username")) or None


def icon_of(payload: Json) -> str | None:
    """The emoji that the message asks to be shown with."""
    found = SHORTCODE.fullmatch(line(payload.get("icon_emoji"), 50).lower())
    return emoji_of(found[1]) if found else None


def _markup(value: object) -> str:
    return to_markdown(long_text(value, MOST_MARKUP)).strip()


def _attachment(attachment: Json) -> str:
    title = link(unescaped(line(attachment.get("title"))), attachment.get("title_link"))
    author = link(unescaped(name(attachment.get("author_name"))), attachment.get("author_link"))
    lines = [
        _markup(attachment.get("pretext")),
        author,
        f"**{title}**" if title else "",
        _markup(attachment.get("text")),
        *_blocks(attachment.get("blocks")),
        *(_field(obj(one)) for one in items(attachment.get("fields"), MOST_PARTS)),
    ]
    found = "\n".join(one for one in lines if one)
    return found or escaped(unescaped(long_text(attachment.get("fallback"), MOST_MARKUP)))


def _field(field: Json) -> str:
    title, value = unescaped(line(field.get("title"))), _markup(field.get("value"))
    return sentence(bold(f"{title}:") if title else "", value)


def _blocks(value: object) -> Iterator[str]:
    """The lines of blocks that show something."""
    for block in items(value, MOST_BLOCKS):
        text = _block(obj(block))
        if text:
            yield text


def _block(block: Json) -> str:
    kind = block.get("type")
    if kind == "header":
        return bold(unescaped(line(obj(block, "text").get("text"))))
    if kind == "section":
        fields = [_text(one) for one in items(block.get("fields"), MOST_PARTS)]
        return "\n".join(one for one in (_text(block.get("text")), *fields, _button(obj(block, "accessory"))) if one)
    if kind == "context":
        return sentence(*(_element(obj(one)) for one in items(block.get("elements"), MOST_PARTS)))
    if kind == "actions":
        return sentence(*(_button(obj(one)) for one in items(block.get("elements"), MOST_PARTS)))
    if kind == "markdown":
        return long_text(block.get("text"), MOST_MARKUP)
    if kind in ("image", "video"):
        return _element(block)
    if kind == "rich_text":
        return "\n".join(_rich(obj(one)) for one in items(block.get("elements"), MOST_PARTS))
    return ""


def _text(value: object) -> str:
    """A text object."""
    text = obj(value)
    if text.get("type") == "plain_text":
        return escaped(unescaped(long_text(text.get("text"), MOST_MARKUP)))
    return _markup(text.get("text"))


def _element(element: Json) -> str:
    if element.get("type") in ("image", "video"):
        shown = first(line(obj(element, "title").get("text")), line(element.get("alt_text")))
        return link(unescaped(shown), first(_address(element, "title_url"), _address(element, "image_url")))
    return _text(element)


def _address(element: Json, key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""


def _button(element: Json) -> str:
    """A button that leads to an address. Others do nothing here."""
    return link(unescaped(line(obj(element, "text").get("text"))), element.get("url")) if element.get("url") else ""


def _rich(element: Json) -> str:
    """An element of a `rich_text` block."""
    parts = items(element.get("elements"), MOST_PARTS)
    kind = element.get("type")
    if kind == "rich_text_list":
        mark = "1." if element.get("style") == "ordered" else "-"
        return "\n".join(f"{mark} {_inline(obj(one).get('elements'))}" for one in parts)
    if kind == "rich_text_preformatted":
        inner = "".join(long_text(obj(one).get("text"), MOST_MARKUP) for one in parts)
        return f"```\n{inner.replace('```', '')}\n```"
    if kind == "rich_text_quote":
        return quote("".join(_plain(obj(one)) for one in parts))
    return _inline(element.get("elements"))


def _inline(value: object) -> str:
    return "".join(_styled(obj(one)) for one in items(value, MOST_PARTS))


def _styled(part: Json) -> str:
    text = _plain(part)
    if part.get("type") == "link":
        return link(text, part.get("url"))
    if part.get("type") == "broadcast":
        return "@all"
    style: Any = obj(part.get("style"))
    if style.get("code") is True and text:
        return f"`{text.replace('`', chr(39))}`"
    shown = escaped(text)
    if not shown.strip():
        return shown
    inner = shown.strip()
    before, _, after = shown.partition(inner)
    for key, mark in (("bold", "**"), ("italic", "_"), ("strike", "~~")):
        if style.get(key) is True:
            inner = f"{mark}{inner}{mark}"
    return before + inner + after


def _plain(part: Json) -> str:
    if part.get("type") == "emoji":
        return emoji_of(name(part.get("name"))) or f":{name(part.get('name'))}:"
    if part.get("type") in ("user", "usergroup", "channel"):
        return f"@{name(part.get('user_id') or part.get('usergroup_id') or part.get('channel_id'))}"
    text = part.get("text")
    return long_text(f"|{text}|", MOST_MARKUP)[1:-1] if isinstance(text, str) else ""  # blanks at its ends count
