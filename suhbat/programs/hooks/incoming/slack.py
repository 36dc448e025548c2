"""Slack's format: a text, blocks (https://docs.slack.dev/reference/block-kit) and attachments
(https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from suhbat.errors import InvalidPayload
from suhbat.protocol.types import MAX_TEXT

from . import markup
from .emoji_names import SHORTCODE, emoji_of
from .markup import MOST_URL, bold, escaped, quote, sentence
from .mrkdwn import to_markdown, unescaped
from .shapes import MOST_NAME, MOST_TITLE, Json, first, items, line, long_text, name, obj

MOST_BLOCKS = 50
"""Slack's own limit; further ones are ignored."""
MOST_ATTACHMENTS = 20
MOST_PARTS = 40
"""Fields of an attachment, elements of a block."""
MOST_MARKUP = 6000
"""Code points that are converted of one text. A message has fewer."""
BUDGET = 3 * MAX_TEXT
"""Code points that are converted of a whole payload, however many texts it has; then the rest of it is left out."""
OF_PART = 4
"""What a block, a field or an element costs of this, even an empty one."""


def is_slack(payload: Json) -> bool:
    """Whether this may be Slack's format."""
    return any(key in payload for key in ("text", "attachments", "blocks"))


def text_of(payload: Json) -> str:
    """The message; empty if it has none. Blocks replace the text, as in Slack, where the text is for notifications. Raises
    InvalidPayload: its text is no string, or its blocks or attachments are no array, so a mistake is not half posted."""
    if not isinstance(payload.get("text"), str | None):
        raise InvalidPayload()
    if not all(isinstance(payload.get(key) or [], list) for key in ("blocks", "attachments")):
        raise InvalidPayload()
    return _Reading().message(payload)


def name_of(payload: Json) -> str | None:
    """The name that the message asks to be shown with."""
    return name(payload.get("username")) or None


def icon_of(payload: Json) -> str | None:
    """The emoji that the message asks to be shown with."""
    found = SHORTCODE.fullmatch(line(payload.get("icon_emoji"), 50).lower())
    return emoji_of(found[1]) if found else None


class _Reading:
    """Reads one payload. Everything that it converts is paid of one budget; loops end when it is used up."""

    def __init__(self) -> None:
        self._left = BUDGET

    def message(self, payload: Json) -> str:
        blocks = "\n".join(self._blocks(payload.get("blocks")))
        parts = [blocks or self._markup(payload.get("text"))]
        parts += [self._attachment(obj(one)) for one in self._parts(payload.get("attachments"), MOST_ATTACHMENTS)]
        return "\n\n".join(part for part in parts if part)

    def _parts(self, value: object, most: int) -> Iterator[Any]:
        """The first elements of an array, as far as the budget goes."""
        for one in items(value, most):
            if self._left <= 0:
                return
            self._left -= OF_PART
            yield one

    def _pay(self, value: object, most: int) -> int:
        """Pay for a text. Returns how much of it may be read."""
        most = max(min(most, self._left), 0)
        self._left -= min(len(value), most) if isinstance(value, str) else 1
        return most

    def _long(self, value: object, most: int) -> str:
        most = self._pay(value, most)
        return long_text(value, most) if most else ""

    def _line(self, value: object, most: int = MOST_TITLE) -> str:
        most = self._pay(value, most)
        return line(value, most) if most else ""

    def _name(self, value: object) -> str:
        return self._line(value, MOST_NAME)

    def _link(self, text: str, url: object) -> str:
        if isinstance(url, str) and len(url) > self._pay(url, MOST_URL):
            url = ""
        return markup.link(text, url)

    def _markup(self, value: object) -> str:
        return to_markdown(self._long(value, MOST_MARKUP)).strip()

    def _attachment(self, attachment: Json) -> str:
        title = self._link(unescaped(self._line(attachment.get("title"))), attachment.get("title_link"))
        author = self._link(unescaped(self._name(attachment.get("author_name"))), attachment.get("author_link"))
        lines = [
            self._markup(attachment.get("pretext")),
            author,
            f"**{title}**" if title else "",
            self._markup(attachment.get("text")),
            *self._blocks(attachment.get("blocks")),
            *(self._field(obj(one)) for one in self._parts(attachment.get("fields"), MOST_PARTS)),
        ]
        found = "\n".join(one for one in lines if one)
        return found or escaped(unescaped(self._long(attachment.get("fallback"), MOST_MARKUP)))

    def _field(self, field: Json) -> str:
        title, value = unescaped(self._line(field.get("title"))), self._markup(field.get("value"))
        return sentence(bold(f"{title}:") if title else "", value)

    def _blocks(self, value: object) -> Iterator[str]:
        """The lines of blocks that show something."""
        for block in self._parts(value, MOST_BLOCKS):
            text = self._block(obj(block))
            if text:
                yield text

    def _block(self, block: Json) -> str:
        kind = block.get("type")
        if kind == "header":
            return bold(unescaped(self._line(obj(block, "text").get("text"))))
        if kind == "section":
            texts = [self._text(block.get("text"))]
            texts += [self._text(one) for one in self._parts(block.get("fields"), MOST_PARTS)]
            return "\n".join(one for one in (*texts, self._button(obj(block, "accessory"))) if one)
        if kind == "context":
            return sentence(*(self._element(obj(one)) for one in self._parts(block.get("elements"), MOST_PARTS)))
        if kind == "actions":
            return sentence(*(self._button(obj(one)) for one in self._parts(block.get("elements"), MOST_PARTS)))
        if kind == "markdown":
            return self._long(block.get("text"), MOST_MARKUP)
        if kind in ("image", "video"):
            return self._element(block)
        if kind == "rich_text":
            return "\n".join(self._rich(obj(one)) for one in self._parts(block.get("elements"), MOST_PARTS))
        return ""

    def _text(self, value: object) -> str:
        """A text object."""
        text = obj(value)
        if text.get("type") == "plain_text":
            return escaped(unescaped(self._long(text.get("text"), MOST_MARKUP)))
        return self._markup(text.get("text"))

    def _element(self, element: Json) -> str:
        if element.get("type") in ("image", "video"):
            shown = first(self._line(obj(element, "title").get("text")), self._line(element.get("alt_text")))
            return self._link(unescaped(shown), first(_address(element, "title_url"), _address(element, "image_url")))
        return self._text(element)

    def _button(self, element: Json) -> str:
        """A button that leads to an address. Others do nothing here."""
        if not element.get("url"):
            return ""
        return self._link(unescaped(self._line(obj(element, "text").get("text"))), element.get("url"))

    def _rich(self, element: Json) -> str:
        """An element of a `rich_text` block."""
        parts = self._parts(element.get("elements"), MOST_PARTS)
        kind = element.get("type")
        if kind == "rich_text_list":
            mark = "1." if element.get("style") == "ordered" else "-"
            return "\n".join(f"{mark} {self._inline(obj(one).get('elements'))}" for one in parts)
        if kind == "rich_text_preformatted":
            inner = "".join(self._long(obj(one).get("text"), MOST_MARKUP) for one in parts)
            return f"```\n{inner.replace('```', '')}\n```"
        if kind == "rich_text_quote":
            return quote("".join(self._plain(obj(one)) for one in parts))
        return self._inline(element.get("elements"))

    def _inline(self, value: object) -> str:
        return "".join(self._styled(obj(one)) for one in self._parts(value, MOST_PARTS))

    def _styled(self, part: Json) -> str:
        text = self._plain(part)
        if part.get("type") == "link":
            return self._link(text, part.get("url"))
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

    def _plain(self, part: Json) -> str:
        if part.get("type") == "emoji":
            return emoji_of(self._name(part.get("name"))) or f":{self._name(part.get('name'))}:"
        if part.get("type") in ("user", "usergroup", "channel"):
            return f"@{self._name(part.get('user_id') or part.get('usergroup_id') or part.get('channel_id'))}"
        text = part.get("text")
        return self._long(f"|{text}|", MOST_MARKUP)[1:-1] if isinstance(text, str) else ""  # blanks at its ends count


def _address(element: Json, key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""
