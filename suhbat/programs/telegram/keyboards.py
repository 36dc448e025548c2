"""Inline keyboards as rows of buttons, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suhbat.protocol.bots import NewButton, Rows, is_link
from suhbat.protocol.characters import cut
from suhbat.protocol.extras import Buttons, MessageButton

from .errors import TelegramError

MOST_BUTTONS = 100
MOST_DATA = 64
"""Bytes of `callback_data`."""
LONGEST_LABEL, LONGEST_URL = 64, 2048
"""Characters. A longer label is cut."""
_INVALID = "can't parse inline keyboard button: "


def buttons_of(markup: Mapping[str, Any] | None) -> Buttons:
    """The buttons of `reply_markup`. Keyboards that replace that of the phone are left out: this server has none."""
    rows = (markup or {}).get("inline_keyboard")
    if rows is None:
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise TelegramError("can't parse inline keyboard markup JSON object: Array of Arrays expected")
    found = tuple(tuple(map(_button, row)) for row in rows if row)
    if sum(map(len, found)) > MOST_BUTTONS:
        raise TelegramError("reply markup is too long")
    return found


def _button(given: Any) -> MessageButton:
    if not isinstance(given, dict):
        raise TelegramError(f"{_INVALID}expected an Object")
    text, data, url = given.get("text"), given.get("callback_data"), given.get("url")
    if not isinstance(text, str) or not text.strip() or not _is_storable(text):
        raise TelegramError(f'{_INVALID}Field "text" must be a non-empty String')
    text = cut(text, LONGEST_LABEL)
    if isinstance(data, str) and data:
        if not _is_storable(data) or len(data.encode()) > MOST_DATA:
            raise TelegramError("BUTTON_DATA_INVALID")
        return MessageButton(label=text, id=data)
    if isinstance(url, str) and url:
        if not is_link(url) or len(url) > LONGEST_URL:
            # Telegram repeats the address here. It may be long, or a secret, and this text gets into logs.
            raise TelegramError("inline keyboard button URL is invalid: Unsupported URL protocol")
        return MessageButton(label=text, url=url)
    if data is None and url is None and len(given) > 1:
        raise TelegramError("BUTTON_TYPE_INVALID")
    raise TelegramError(f"{_INVALID}Text buttons are unallowed in the inline keyboard")


def _is_storable(text: str) -> bool:
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def new_buttons(buttons: Buttons) -> Rows:
    """The same for a command. They are checked, and several may have the same data, which the server's own form forbids."""
    return tuple(
        tuple(NewButton.model_construct(label=one.label, id=one.id, url=one.url) for one in row) for row in buttons
    )


def markup_of(buttons: Buttons) -> dict[str, Any]:
    """The `reply_markup` of a message with these buttons."""
    rows = [[_shown(button) for button in row] for row in buttons]
    return {"inline_keyboard": rows}


def _shown(button: MessageButton) -> dict[str, str]:
    if button.url is not None:
        return {"text": button.label, "url": button.url}
    return {"text": button.label, "callback_data": button.id or ""}
